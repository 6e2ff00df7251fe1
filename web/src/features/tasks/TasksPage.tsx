import { ActionIcon, Button, Checkbox, Menu, Stack, Switch, Text } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useCounts, useMetrics } from '../../api/metrics';
import { type TaskSummary, useTaskList } from '../../api/tasks';
import { rememberList } from '../../shared/neighbours';
import { IconColumns3, IconDots } from '../../theme/icons';
import { isFinished, isStatus, STATUS_LOOK, STATUSES } from '../../theme/status';
import { useNow } from '../../ui/clock';
import { DataTable } from '../../ui/DataTable';
import { failureOf } from '../../ui/failure';
import { fetchEditor } from '../../ui/JsonView';
import { FailedFirst, FailedLater, NoneMatch, NoneYet, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { usePageKeys } from '../../ui/page_keys';
import { usePreference } from '../../ui/preferences';
import { numberText } from '../../ui/time';
import { BulkBar } from './BulkBar';
import { COLUMNS, DEFAULT_COLUMNS } from './columns';
import { FilterBar } from './FilterBar';
import { asked, type Filters, isEmpty, NO_FILTERS, stillMatches, useFilters } from './filters';
import { useLiveRows } from './live_rows';
import { Peek } from './Peek';
import classes from './TasksPage.module.css';

// How many empty pages are gone through before somebody has to say «keep looking».
const EMPTY_PAGES = 5;

export default function TasksPage() {
  const [filters, setFilters] = useFilters();
  const minute = useNow(false);
  const filter = useMemo(() => asked(filters, minute), [filters, minute]);
  const change = useCallback((some: Partial<Filters>) => void setFilters(some), [setFilters]);
  return (
    <>
      <PageHead title="Tasks" />
      <StatusTabs filters={filters} onChange={change} />
      <FilterBar filters={filters} onChange={change} />
      <TaskTable filter={filter} onClear={() => change(NO_FILTERS)} onFilter={change} />
    </>
  );
}

function StatusTabs({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}) {
  const counts = useCounts(useMetrics('15m').data);
  const count = (status: string) =>
    counts ? numberText(counts[status.toLowerCase() as keyof typeof counts] ?? 0) : '';
  const only = filters.status.length === 1 ? filters.status[0] : null;
  return (
    <nav className={classes.tabs} aria-label="Status">
      <button
        type="button"
        className={classes.tab}
        aria-pressed={filters.status.length === 0 && !filters.stuck}
        onClick={() => onChange({ status: [], stuck: false })}
      >
        All <span className="num dim">{counts ? numberText(counts.total) : ''}</span>
      </button>
      {STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          className={classes.tab}
          aria-pressed={only === status}
          onClick={() => onChange({ status: [status], stuck: false })}
        >
          {STATUS_LOOK[status].word} <span className="num dim">{count(status)}</span>
        </button>
      ))}
    </nav>
  );
}

interface TableProps {
  filter: ReturnType<typeof asked>;
  onClear: () => void;
  onFilter: (change: Partial<Filters>) => void;
}

function TaskTable({ filter, onClear, onFilter }: TableProps) {
  const list = useTaskList(filter);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const [onScreen, setOnScreen] = useState<string[]>([]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [pointer, setPointer] = useState(false);
  const [follow, setFollow] = useState(false);
  const [peeked, setPeeked] = useState<TaskSummary | null>(null);
  const [keepLooking, setKeepLooking] = useState(0);
  const held = pointer || selected.size > 0 || peeked !== null;
  const { fresh, renew } = useLiveRows(filter, onScreen, held, follow);
  const { columns, picker } = useColumns();
  usePageKeys({ '.': () => void renew(), f: () => setFollow((on) => !on) });
  useEffect(() => rememberList(rows.map((task) => task.taskId)), [rows]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const empty = (list.data?.pages.length ?? 0) - (rows.length > 0 ? 1 : 0);
  const mayGoOn = rows.length > 0 || empty < EMPTY_PAGES * (keepLooking + 1);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (rows.length === 0 && hasNextPage && !isFetchingNextPage && !list.isPending && mayGoOn) more();

  if (list.isPending) return <SkeletonRows rows={14} />;
  if (list.isError && rows.length === 0) {
    return (
      <FailedFirst
        failure={failureOf(list.error, 'The tasks could not be read')}
        onRetry={() => void list.refetch()}
      />
    );
  }
  if (rows.length === 0 && !list.isFetching) {
    if (hasNextPage) return <NothingSoFar onMore={() => setKeepLooking((n) => n + 1)} />;
    return isEmpty(filter) ? <FirstTask /> : <NoneMatch onClear={onClear} />;
  }
  const chosen = rows.filter((task) => selected.has(task.taskId));
  const finished = chosen.filter((task) => isStatus(task.status) && isFinished(task.status)).length;
  return (
    <>
      {list.isError && (
        <FailedLater
          failure={failureOf(list.error, 'The tasks could not be read.')}
          onRetry={() => void list.refetch()}
        />
      )}
      <div className={classes.tools}>
        {fresh > 0 && (
          <Button size="compact-xs" variant="light" onClick={() => void renew()}>
            {numberText(fresh)} new
          </Button>
        )}
        {follow && held && fresh > 0 && <Text size="xs">Held: {numberText(fresh)} new</Text>}
        <span className={classes.gap} />
        <Switch
          size="xs"
          label="Follow"
          checked={follow}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
        {picker}
      </div>
      <DataTable
        label="Tasks"
        columns={columns}
        rows={rows}
        idOf={(task) => task.taskId}
        nameOf={(task) => `${task.taskName} ${task.taskId}`}
        linkColumn="task"
        hrefOf={(task) => `/tasks/${task.taskId}`}
        onPoint={fetchEditor}
        selection={{ ids: selected, onChange: setSelected }}
        isDimmed={(task) => !stillMatches(filter, task.status)}
        menuOf={(task) => (
          <RowMenu
            task={task}
            onFilter={onFilter}
            onSteer={() => setSelected(new Set([task.taskId]))}
          />
        )}
        onNearEnd={more}
        onVisible={setOnScreen}
        onHold={setPointer}
        onPeek={setPeeked}
        foot={isFetchingNextPage ? <SkeletonRows rows={1} /> : null}
      />
      <BulkBar
        selected={selected}
        finished={finished}
        unfinished={chosen.length - finished}
        matching={isEmpty(filter) ? null : { filter }}
        onDone={() => {
          setSelected(new Set());
          void list.refetch();
        }}
        onClear={() => setSelected(new Set())}
      />
      <Peek task={peeked} onClose={() => setPeeked(null)} />
    </>
  );
}

function NothingSoFar({ onMore }: { onMore: () => void }) {
  return (
    <Stack align="center" py={48} gap="sm">
      <Text>Nothing in the newest tasks that were looked at.</Text>
      <Button variant="default" onClick={onMore}>
        Keep looking
      </Button>
    </Stack>
  );
}

function FirstTask() {
  return (
    <NoneYet
      sentence="There are no tasks yet."
      action={
        <Button component={Link} href="/submit?first=1">
          Submit your first task
        </Button>
      }
      curl={`curl -X POST "$BELFRY"/api/v1/tasks -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"taskName":"hello"}'`}
    />
  );
}

function useColumns() {
  const [chosen, setChosen] = usePreference('taskColumns');
  const shown = chosen.length > 0 ? chosen : DEFAULT_COLUMNS;
  const columns = COLUMNS.filter((column) => shown.includes(column.id));
  const toggle = (id: string) =>
    setChosen(shown.includes(id) ? shown.filter((one) => one !== id) : [...shown, id]);
  const picker = (
    <Menu closeOnItemClick={false} position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size={26} aria-label="Columns">
          <IconColumns3 size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {COLUMNS.filter((column) => column.id !== 'task').map((column) => (
          <Menu.Item key={column.id} component="div" p={4}>
            <Checkbox
              size="xs"
              label={column.title}
              checked={shown.includes(column.id)}
              onChange={() => toggle(column.id)}
            />
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
  return { columns, picker };
}

function RowMenu({
  task,
  onFilter,
  onSteer,
}: {
  task: TaskSummary;
  onFilter: TableProps['onFilter'];
  onSteer: () => void;
}) {
  const [, navigate] = useLocation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={26}
          aria-label={`More for ${task.taskName} ${task.taskId}`}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void navigator.clipboard.writeText(task.taskId)}>
          Copy id
        </Menu.Item>
        <Menu.Item onClick={() => onFilter({ name: [task.taskName] })}>
          Only «{task.taskName}»
        </Menu.Item>
        <Menu.Item onClick={() => onFilter({ queue: [task.queue] })}>
          Only queue {task.queue}
        </Menu.Item>
        <Menu.Item onClick={() => navigate(`/submit?from=${task.taskId}`)}>Clone</Menu.Item>
        <Menu.Item onClick={onSteer}>Select, to cancel or retry</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
