import { ActionIcon, Button, Checkbox, Menu, Stack, Switch, Text } from '@mantine/core';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useSearch } from 'wouter';
import { useCounts, useMetrics } from '../../api/metrics';
import { type BulkVerb, type TaskFilter, type TaskSummary, useTaskList } from '../../api/tasks';
import { arriveAt, placeToReturnTo, rememberList, rememberPlace } from '../../shared/neighbours';
import { IconColumns3 } from '../../theme/icons';
import { isFinished, isStatus, STATUS_LOOK, STATUSES } from '../../theme/status';
import { DataTable } from '../../ui/DataTable';
import { failureOf } from '../../ui/failure';
import { fetchEditor } from '../../ui/JsonView';
import { FailedFirst, FailedLater, NoneMatch, NoneYet, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { usePageKeys } from '../../ui/page_keys';
import { usePreference } from '../../ui/preferences';
import { useTimeWidth } from '../../ui/TimeText';
import { now, numberText, plural } from '../../ui/time';
import { BulkBar } from './BulkBar';
import { COLUMNS, DEFAULT_COLUMNS } from './columns';
import { FilterBar } from './FilterBar';
import {
  asked,
  type Filters,
  isEmpty,
  isRelative,
  NO_FILTERS,
  stillMatches,
  useFilters,
  wordsOf,
} from './filters';
import { useFollow, useLiveRows } from './live_rows';
import { Peek } from './Peek';
import { RowMenu } from './RowMenu';
import { type Steering, useSteering } from './Steering';
import classes from './TasksPage.module.css';

// How many empty pages are gone through before somebody has to say «keep looking».
const EMPTY_PAGES = 5;

export default function TasksPage() {
  const [filters, setFilters] = useFilters();
  const { filter, moment, renewMoment } = useAsked(filters);
  const list = useTaskList(filter);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const change = useCallback((some: Partial<Filters>) => void setFilters(some), [setFilters]);
  const names = useMemo(() => [...new Set(rows.map((task) => task.taskName))].sort(), [rows]);
  return (
    <>
      <PageHead title="Tasks" />
      <StatusTabs filters={filters} onChange={change} />
      <FilterBar filters={filters} onChange={change} names={names} />
      <TaskTable
        list={list}
        rows={rows}
        filter={filter}
        words={wordsOf(filters)}
        moment={moment}
        onRenew={isRelative(filters) ? renewMoment : null}
        onFilter={change}
      />
    </>
  );
}

// What the API is asked for. The moment that ages are counted from stays as long as the filters do.
function useAsked(filters: Filters) {
  const key = JSON.stringify(filters);
  const [asking, setAsking] = useState(() => ({
    key,
    moment: placeToReturnTo(location.pathname + location.search)?.moment ?? now(),
  }));
  if (asking.key !== key) setAsking({ key, moment: now() });
  const filter = useMemo(
    () => asked(JSON.parse(asking.key) as Filters, asking.moment),
    [asking.key, asking.moment],
  );
  const renewMoment = useCallback(() => setAsking({ key, moment: now() }), [key]);
  return { filter, moment: asking.moment, renewMoment };
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
  list: ReturnType<typeof useTaskList>;
  rows: TaskSummary[];
  filter: TaskFilter;
  // The filter in words.
  words: string[];
  moment: number;
  // Asks again from now on; null if the filter does not depend on it.
  onRenew: (() => void) | null;
  onFilter: (change: Partial<Filters>) => void;
}

function TaskTable(props: TableProps) {
  const { list, rows, filter, onFilter } = props;
  const [onScreen, setOnScreen] = useState<string[]>([]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [inTable, setInTable] = useState(false);
  const [follow, setFollow] = useState(false);
  const [peeked, setPeeked] = useState<TaskSummary | null>(null);
  const place = useListPlace(props.moment);
  const live = useLiveRows({ filter, rows, hasMore: list.hasNextPage, onScreen });
  const [renewals, setRenewals] = useState(0);
  const renew = async () => {
    setRenewals((count) => count + 1);
    if (props.onRenew) {
      live.forget();
      props.onRenew();
    } else await live.renew();
  };
  const busy = inTable || selected.size > 0 || peeked !== null;
  const held = useFollow(follow, busy, live.fresh, live.renew);
  const { columns, picker } = useColumns();
  const clear = () => setSelected(new Set());
  const steering = useSteering(clear);
  const matching = isEmpty(filter) || rows.length === 0 ? null : { filter, words: props.words };
  useAsk(list.isPlaceholderData ? null : matching, steering);
  usePageKeys({
    '.': () => void renew(),
    f: () => setFollow((on) => !on),
    Escape: clear,
  });
  useEffect(() => rememberList(rows.map((task) => task.taskId)), [rows]);
  const more = useMore(list, rows.length);

  if (list.isPending) return <SkeletonRows rows={14} />;
  if (list.isError && rows.length === 0) {
    return (
      <FailedFirst
        failure={failureOf(list.error, 'The tasks could not be read')}
        onRetry={() => void list.refetch()}
      />
    );
  }
  const chosen = rows.filter((task) => selected.has(task.taskId));
  const finished = chosen.filter(isOver).length;
  const steer = (verb: BulkVerb) => (row: TaskSummary | null) => {
    if (selected.size > 0) steering.ask(verb, { ids: [...selected] });
    else if (row && isOver(row) === (verb === 'retry')) steering.ask(verb, { ids: [row.taskId] });
  };
  return (
    <>
      {list.isError && (
        <FailedLater
          failure={failureOf(list.error, 'The tasks could not be read.')}
          onRetry={() => void list.refetch()}
        />
      )}
      <Tools
        count={isEmpty(filter) || rows.length === 0 ? null : rows.length}
        hasMore={list.hasNextPage}
        live={live}
        held={held}
        onRenew={() => void renew()}
        follow={follow}
        onFollow={setFollow}
        picker={picker}
      />
      {rows.length === 0 && !list.isPlaceholderData && !more.looking ? (
        <NoRows
          filter={filter}
          mayHaveMore={list.hasNextPage}
          onMore={more.keepLooking}
          onClear={() => onFilter(NO_FILTERS)}
        />
      ) : (
        <DataTable
          label="Tasks"
          columns={columns}
          rows={rows}
          idOf={idOf}
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
              onSelect={() => setSelected(new Set([...selected, task.taskId]))}
              steering={steering}
            />
          )}
          onNearEnd={more.next}
          onVisible={setOnScreen}
          onHold={setInTable}
          onPeek={setPeeked}
          keys={{ r: steer('retry'), Delete: steer('cancel') }}
          initialTop={place.initialTop}
          onScrolled={place.onScrolled}
          jump={`${JSON.stringify(filter)} ${renewals}`}
          foot={list.isFetchingNextPage ? <SkeletonRows rows={1} /> : null}
        />
      )}
      <BulkBar
        selected={selected}
        finished={finished}
        unfinished={chosen.length - finished}
        matching={matching}
        steering={steering}
        onClear={clear}
      />
      {steering.dialog}
      <Peek task={peeked} onClose={() => setPeeked(null)} />
    </>
  );
}

// A link may bring a question along: it is asked once its list is there, and leaves the address.
function useAsk(matching: { filter: TaskFilter; words: string[] } | null, steering: Steering) {
  const [ask, setAsk] = useQueryState('ask', parseAsStringLiteral(['retry'] as const));
  const latest = useRef({ matching, steering });
  latest.current = { matching, steering };
  const ready = ask !== null && matching !== null;
  useEffect(() => {
    const { matching: aim, steering: by } = latest.current;
    if (!ready || !aim) return;
    void setAsk(null);
    by.ask('retry', aim);
  }, [ready, setAsk]);
}

// How many there are, what is new, and how the list is looked at.
function Tools({
  count,
  hasMore,
  live,
  held,
  onRenew,
  follow,
  onFollow,
  picker,
}: {
  count: number | null;
  hasMore: boolean;
  live: { fresh: number; atLeast: boolean };
  held: boolean;
  onRenew: () => void;
  follow: boolean;
  onFollow: (on: boolean) => void;
  picker: ReactNode;
}) {
  const fresh = `${numberText(live.fresh)}${live.atLeast ? '+' : ''} new`;
  return (
    <div className={classes.tools}>
      {count !== null && (
        <Text size="xs" c="dimmed">
          {hasMore ? `${numberText(count)}+ tasks` : plural(count, 'task')}
        </Text>
      )}
      {live.fresh > 0 && (
        <Button
          size="compact-xs"
          variant="light"
          onClick={() => {
            // This button goes away: the focus stays on the page.
            document.getElementById('main')?.focus({ preventScroll: true });
            onRenew();
          }}
        >
          {fresh}
        </Button>
      )}
      {held && live.fresh > 0 && <Text size="xs">Held: {fresh}</Text>}
      <span className={classes.gap} />
      <Switch
        size="xs"
        label="Follow"
        checked={follow}
        onChange={(event) => onFollow(event.currentTarget.checked)}
      />
      {picker}
    </div>
  );
}

const idOf = (task: TaskSummary): string => task.taskId;
const isOver = (task: TaskSummary): boolean => isStatus(task.status) && isFinished(task.status);

// Where the list was scrolled to when it was left, and remembers where it is.
function useListPlace(moment: number) {
  const search = useSearch();
  const [page] = useState(() => location.pathname);
  const path = search === '' ? page : `${page}?${search}`;
  const [initialTop] = useState(
    () => placeToReturnTo(location.pathname + location.search)?.top ?? 0,
  );
  const top = useRef(initialTop);
  useEffect(() => arriveAt({ path, moment, top: top.current }), [path, moment]);
  const onScrolled = useCallback(
    (now: number) => {
      top.current = now;
      rememberPlace({ path, moment, top: now });
    },
    [path, moment],
  );
  return { initialTop, onScrolled };
}

// The next page, when it is wanted. While nothing was found, some pages are gone through by
// themselves.
function useMore(list: TableProps['list'], rows: number) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isPending, isFetching } = list;
  const [keepLooking, setKeepLooking] = useState(0);
  const next = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const pages = list.data?.pages.length ?? 0;
  const goOn = rows === 0 && hasNextPage && !isPending && pages < EMPTY_PAGES * (keepLooking + 1);
  useEffect(() => {
    if (goOn && !isFetching) next();
  }, [goOn, isFetching, next]);
  return {
    next,
    looking: goOn || isFetchingNextPage,
    keepLooking: () => setKeepLooking((times) => times + 1),
  };
}

function NoRows({
  filter,
  mayHaveMore,
  onMore,
  onClear,
}: {
  filter: TaskFilter;
  mayHaveMore: boolean;
  onMore: () => void;
  onClear: () => void;
}) {
  if (mayHaveMore) return <NothingSoFar onMore={onMore} />;
  return isEmpty(filter) ? <FirstTask /> : <NoneMatch onClear={onClear} />;
}

function NothingSoFar({ onMore }: { onMore: () => void }) {
  return (
    <Stack align="center" py={48} gap="sm">
      <Text>Nothing among the newest tasks yet looked through.</Text>
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
      curl={{
        method: 'POST',
        path: '/api/v1/tasks',
        body: '{"taskName":"hello","target":{"type":"echo"}}',
      }}
    />
  );
}

function useColumns() {
  const [chosen, setChosen] = usePreference('taskColumns');
  const shown = chosen.length > 0 ? chosen : DEFAULT_COLUMNS;
  const timeWidth = `${useTimeWidth()}px`;
  const columns = COLUMNS.filter((column) => shown.includes(column.id)).map((column) =>
    column.id === 'created' ? { ...column, width: timeWidth } : column,
  );
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
