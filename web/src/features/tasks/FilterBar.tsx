import { ActionIcon, Button, Group, Menu, Text, TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useQueues } from '../../api/queues';
import { IconChevronDown, IconSearch, IconX } from '../../theme/icons';
import { usePageKeys } from '../../ui/page_keys';
import { usePreference } from '../../ui/preferences';
import classes from './FilterBar.module.css';
import {
  AGE_NAMES,
  chipsOf,
  type Filters,
  NO_FILTERS,
  qualifier,
  typed,
  unknownIn,
} from './filters';

const VIEWS: { name: string; filters: Partial<Filters> }[] = [
  { name: 'Failed today', filters: { status: ['FAILED'], created: '24h' } },
  { name: 'Stuck over 5 min', filters: { stuck: true } },
  { name: 'Retrying or not due yet', filters: { status: ['SCHEDULED'] } },
  { name: 'Running', filters: { status: ['RUNNING'] } },
];

interface Props {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}

export function FilterBar({ filters, onChange, names }: Props & { names: string[] }) {
  const [text, setText] = useState('');
  const [near, setNear] = useState(false);
  const [, navigate] = useLocation();
  const field = useRef<HTMLInputElement>(null);
  usePageKeys({ '/': () => field.current?.focus() });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { change, id } = typed(text);
    if (id) return navigate(`/tasks/${id}`);
    const merged: Partial<Filters> = { ...change };
    for (const key of ['queue', 'name', 'tag'] as const) {
      if (change[key]) merged[key] = [...new Set([...filters[key], ...change[key]])];
    }
    if (Object.keys(merged).length > 0) onChange(merged);
    setText('');
  };
  return (
    <div className={classes.bar}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          ref={field}
          size="xs"
          aria-label="Filter"
          placeholder="queue:a name:b tag:c, an id, or text"
          leftSection={<IconSearch size={14} />}
          value={text}
          list="filter-words"
          autoComplete="off"
          onFocus={() => setNear(true)}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {near && <Completions names={names} />}
      </form>
      <Views onChange={onChange} />
      <AgeMenu
        age={filters.created}
        onChange={(created) => onChange({ created, from: null, to: null })}
      />
      <Chips filters={filters} onChange={onChange} />
      <Unknown />
    </div>
  );
}

// What there is to filter by: the browser offers it while somebody types.
function Completions({ names }: { names: string[] }) {
  const queues = useQueues().data ?? [];
  return (
    <datalist id="filter-words">
      {queues.map(({ name }) => (
        <option key={`queue ${name}`} value={qualifier('queue', name)} />
      ))}
      {names.map((name) => (
        <option key={`name ${name}`} value={qualifier('name', name)} />
      ))}
    </datalist>
  );
}

function AgeMenu({
  age,
  onChange,
}: {
  age: Filters['created'];
  onChange: (age: Filters['created']) => void;
}) {
  return (
    <Menu>
      <Menu.Target>
        <Button size="xs" variant="default" rightSection={<IconChevronDown size={12} />}>
          {age ? `Last ${age}` : 'Any age'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onChange(null)}>Any age</Menu.Item>
        {AGE_NAMES.map((name) => (
          <Menu.Item key={name} onClick={() => onChange(name)}>
            Created in the last {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Views({ onChange }: { onChange: Props['onChange'] }) {
  const [saved, setSaved] = usePreference('savedViews');
  const [, navigate] = useLocation();
  return (
    <Menu>
      <Menu.Target>
        <Button size="xs" variant="default" rightSection={<IconChevronDown size={12} />}>
          Views
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {VIEWS.map((view) => (
          <Menu.Item key={view.name} onClick={() => onChange({ ...NO_FILTERS, ...view.filters })}>
            {view.name}
          </Menu.Item>
        ))}
        {saved.length > 0 && <Menu.Label>Yours</Menu.Label>}
        {saved.map((view) => (
          <Group key={view.name} gap={0} wrap="nowrap">
            <Menu.Item onClick={() => navigate(`/tasks${view.query}`)}>{view.name}</Menu.Item>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Forget the view ${view.name}`}
              onClick={() => setSaved(saved.filter((one) => one.name !== view.name))}
            >
              <IconX size={12} />
            </ActionIcon>
          </Group>
        ))}
        <Menu.Divider />
        <SaveView
          onSave={(name) =>
            setSaved([
              ...saved.filter((one) => one.name !== name),
              { name, query: location.search },
            ])
          }
        />
      </Menu.Dropdown>
    </Menu>
  );
}

function SaveView({ onSave }: { onSave: (name: string) => void }) {
  const [name, setName] = useState('');
  return (
    <form
      className={classes.save}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') onSave(name.trim());
        setName('');
      }}
    >
      <TextInput
        size="xs"
        aria-label="Name for these filters"
        placeholder="Save these filters as …"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </form>
  );
}

function Chips({ filters, onChange }: Props) {
  return (
    <>
      {chipsOf(filters).map((chip) => (
        <button
          key={chip.words}
          type="button"
          className={classes.chip}
          aria-label={`Remove the filter ${chip.words}`}
          onClick={() => onChange(chip.without)}
        >
          {chip.words}
          <IconX size={12} aria-hidden />
        </button>
      ))}
    </>
  );
}

// What stood in the address and was dropped.
function Unknown() {
  const unknown = unknownIn(useSearch());
  if (unknown.length === 0) return null;
  return (
    <Text size="xs" role="status">
      Not known here, so left out: {unknown.join(', ')}
    </Text>
  );
}
