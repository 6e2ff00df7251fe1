import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { News, TaskChange, TaskNews, WatchedList } from '../../api/live';
import { useNews, useWatch } from '../../api/live_context';
import { useScope } from '../../api/scope';
import {
  readFirstPage,
  renewTaskList,
  rereadRows,
  type TaskFilter,
  type TaskPages,
  type TaskSummary,
  taskListKey,
} from '../../api/tasks';
import { isCovered } from '../../ui/keyboard';
import { countOf, isTold, type Loaded, NOTHING_NEW, withNews, withoutRead } from './news';

const REREAD_MS = 1_000;
const ASK_MS = 3_000;
const FOLLOW_MS = 1_000;

interface List {
  filter: TaskFilter;
  rows: TaskSummary[];
  hasMore: boolean;
  onScreen: string[];
}

// Patches rows in place as news of them comes; counts what is new and not shown.
export function useLiveRows(list: List) {
  const { filter, onScreen } = list;
  const queries = useQueryClient();
  const { key } = useScope();
  const joined = JSON.stringify(taskListKey(key, filter));
  const listKey = useMemo(() => JSON.parse(joined) as ReturnType<typeof taskListKey>, [joined]);
  useWatch(onScreen, useWatchedList(filter));

  const patch = useCallback(
    (changes: Map<string, object>) => {
      queries.setQueryData<TaskPages>(listKey, (pages) => pages && patched(pages, changes));
    },
    [queries, listKey],
  );
  const { fresh, learn, forget } = useFresh(list, joined);
  const touch = useRereading(joined, filter, onScreen, patch);
  const renew = useCallback(async () => {
    forget();
    await renewTaskList(queries, listKey);
  }, [queries, listKey, forget]);

  useNews(
    useCallback(
      (news: News) => {
        if (news.topic === 'reset') {
          forget(); // what is read now has them
          void queries.invalidateQueries({ queryKey: listKey });
        } else if (news.topic === 'tasks') {
          const changes = new Map(
            news.changed.map((one: TaskChange) => [
              one.taskId,
              { status: one.status, attempt: one.attempt },
            ]),
          );
          if (changes.size > 0) patch(changes);
          touch(changes.keys());
          learn(news);
        }
      },
      [queries, listKey, patch, touch, learn, forget],
    ),
  );
  return { fresh: countOf(fresh), atLeast: fresh.atLeast, renew, forget };
}

function patched(pages: TaskPages, changes: Map<string, object>): TaskPages {
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      items: page.items.map((task) => {
        const change = changes.get(task.taskId);
        return change ? { ...task, ...change } : task;
      }),
    })),
  };
}

// What the list has gained since it was read.
function useFresh({ filter, rows, hasMore }: List, joined: string) {
  const { api } = useScope();
  const [fresh, setFresh] = useState(NOTHING_NEW);
  const loaded = useMemo<Loaded>(
    () => ({
      ids: new Set(rows.map((task) => task.taskId)),
      oldest: hasMore ? (rows.at(-1)?.taskId ?? null) : null,
    }),
    [rows, hasMore],
  );
  const current = useRef({ filter, loaded });
  current.current = { filter, loaded };
  const doubtful = useRef(false);
  const forget = useCallback(() => {
    doubtful.current = false;
    setFresh(NOTHING_NEW);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list starts from nothing new
  useEffect(forget, [joined]);
  useEffect(() => setFresh((known) => withoutRead(known, loaded)), [loaded]);

  const learn = useCallback((news: TaskNews) => {
    const now = current.current;
    if (isTold(now.filter)) setFresh((known) => withNews(known, news, now.filter, now.loaded));
    else if (countOf(withNews(NOTHING_NEW, news, now.filter, now.loaded)) > 0) {
      doubtful.current = true;
    }
  }, []);
  // Where news does not tell all that the list asks for, the list is asked what it has gained.
  useEffect(() => {
    let over = false;
    const timer = setInterval(() => {
      if (!doubtful.current) return;
      doubtful.current = false;
      void readFirstPage(api, JSON.parse(joined)[2] as TaskFilter).then(
        (page) => {
          if (over) return;
          const { ids } = current.current.loaded;
          const gained = page.items.filter((task) => !ids.has(task.taskId));
          setFresh({
            ids: new Set(gained.map((task) => task.taskId)),
            more: 0,
            atLeast: page.next !== null && gained.length === page.items.length,
          });
        },
        () => {
          doubtful.current = true; // asked again; the list's own reads say what is wrong
        },
      );
    }, ASK_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [api, joined]);
  return { fresh: withoutRead(fresh, loaded), learn, forget };
}

// What a row shows beside its status (progress, error, times) is read again for the changed ones,
// once a second. Gives the function that says which have changed.
function useRereading(
  joined: string,
  filter: TaskFilter,
  onScreen: string[],
  patch: (changes: Map<string, object>) => void,
) {
  const queries = useQueryClient();
  const { api } = useScope();
  const stale = useRef(new Set<string>());
  // Rows that come on screen by scrolling may have changed while nobody watched them.
  const watched = useRef<{ list: string; ids: Set<string> }>({ list: '', ids: new Set() });
  const shown = onScreen.join(',');
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shown` is what `onScreen` holds
  useEffect(() => {
    const last = watched.current;
    if (last.list === joined && last.ids.size > 0) {
      for (const id of onScreen) if (!last.ids.has(id)) stale.current.add(id);
    }
    watched.current = { list: joined, ids: new Set(onScreen) };
  }, [shown, joined]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (stale.current.size === 0) return;
      const pages = queries.getQueryData<TaskPages>(
        JSON.parse(joined) as ReturnType<typeof taskListKey>,
      );
      const changed = new Set(stale.current);
      stale.current.clear();
      if (!pages) return;
      const loaded = pages.pages.flatMap((page) => page.items.map((task) => task.taskId));
      const ids = new Set(loaded.filter((id) => changed.has(id)));
      if (ids.size === 0) return;
      void rereadRows(api, filter, pages, ids).then((tasks) =>
        patch(new Map(tasks.map((task) => [task.taskId, task]))),
      );
    }, REREAD_MS);
    return () => clearInterval(timer);
  }, [api, patch, queries, joined, filter]);
  return useCallback((ids: Iterable<string>) => {
    for (const id of ids) stale.current.add(id);
  }, []);
}

// New rows come in by themselves once a second, unless somebody is busy with the list or something
// lies over it. True while they are held.
export function useFollow(on: boolean, busy: boolean, fresh: number, renew: () => Promise<void>) {
  const [covered, setCovered] = useState(false);
  const now = useRef({ busy, fresh, renew });
  now.current = { busy, fresh, renew };
  useEffect(() => {
    if (!on) return;
    let renewing = false;
    const timer = setInterval(() => {
      const over = isCovered();
      setCovered(over);
      const { busy, fresh, renew } = now.current;
      if (busy || over || renewing || fresh === 0) return;
      renewing = true;
      void renew().finally(() => {
        renewing = false;
      });
    }, FOLLOW_MS);
    return () => clearInterval(timer);
  }, [on]);
  return on && (busy || covered);
}

// The conditions that news tells, the same object as long as they are the same.
function useWatchedList(filter: TaskFilter): WatchedList {
  const statuses = JSON.stringify(filter.status ?? []);
  const queues = JSON.stringify(filter.queue ?? []);
  return useMemo(
    () => ({
      statuses: JSON.parse(statuses) as string[],
      queues: JSON.parse(queues) as string[],
    }),
    [statuses, queues],
  );
}
