import { ActionIcon, Button, Group, Menu, TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { IconChevronDown, IconSearch, IconX } from '../../theme/icons';
import { usePageKeys } from '../../ui/page_keys';
import { usePreference } from '../../ui/preferences';
import classes from './FilterBar.module.css';
import { AGE_NAMES, type Filters, NO_FILTERS, typed } from './filters';

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

export function FilterBar({ filters, onChange }: Props) {
  const [text, setText] = useState('');
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
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </form>
      <Views onChange={onChange} />
      <AgeMenu
        age={filters.created}
        onChange={(created) => onChange({ created, from: null, to: null })}
      />
      <Chips filters={filters} onChange={onChange} />
    </div>
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
  const chips: { words: string; without: Partial<Filters> }[] = [];
  for (const key of ['queue', 'name', 'tag'] as const) {
    for (const value of filters[key]) {
      chips.push({
        words: `${key}: ${value}`,
        without: { [key]: filters[key].filter((one) => one !== value) },
      });
    }
  }
  if (filters.text) chips.push({ words: `holds «${filters.text}»`, without: { text: '' } });
  if (filters.stuck) chips.push({ words: 'waiting over 5 min', without: { stuck: false } });
  if (filters.from || filters.to) {
    chips.push({
      words: `created ${filters.from ?? '…'} to ${filters.to ?? '…'}`,
      without: { from: null, to: null },
    });
  }
  return (
    <>
      {chips.map((chip) => (
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
