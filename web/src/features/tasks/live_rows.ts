import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { News, TaskChange } from '../../api/live';
import { useNews, useWatch } from '../../api/live_context';
import { useScope } from '../../api/scope';
import { rereadRows, type TaskFilter, type TaskPages, taskListKey } from '../../api/tasks';

const REREAD_MS = 1_000;

// Patches rows in place as news of them comes; counts what is new and not shown. What a row shows
// beside its status (progress, error, times) is read again for the changed ones, once a second.
export function useLiveRows(
  filter: TaskFilter,
  onScreen: string[],
  hold: boolean,
  follow: boolean,
) {
  const queries = useQueryClient();
  const { api, key } = useScope();
  const [fresh, setFresh] = useState(0);
  const stale = useRef(new Set<string>());
  const listKey = taskListKey(key, filter);
  const joined = JSON.stringify(listKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list starts from nothing new
  useEffect(() => setFresh(0), [joined]);
  useWatch(onScreen, true);
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

  const patch = useCallback(
    (changes: Map<string, object>) => {
      queries.setQueryData<TaskPages>(JSON.parse(joined) as typeof listKey, (pages) =>
        pages
          ? {
              ...pages,
              pages: pages.pages.map((page) => ({
                ...page,
                items: page.items.map((task) => {
                  const change = changes.get(task.taskId);
                  return change ? { ...task, ...change } : task;
                }),
              })),
            }
          : pages,
      );
    },
    [queries, joined],
  );
  const renew = useCallback(() => {
    setFresh(0);
    return queries.resetQueries({ queryKey: JSON.parse(joined) as typeof listKey });
  }, [queries, joined]);

  useNews(
    useCallback(
      (news: News) => {
        if (news.topic === 'reset') {
          setFresh(0); // what is read now has them
          void queries.invalidateQueries({ queryKey: JSON.parse(joined) as typeof listKey });
        } else if (news.topic === 'tasks') {
          const changes = new Map(
            news.changed.map((one: TaskChange) => [
              one.taskId,
              { status: one.status, attempt: one.attempt },
            ]),
          );
          if (changes.size > 0) patch(changes);
          for (const id of changes.keys()) stale.current.add(id);
          if (news.arrived > 0) setFresh((count) => count + news.arrived);
        }
      },
      [queries, joined, patch],
    ),
  );

  useEffect(() => {
    const timer = setInterval(() => {
      if (stale.current.size === 0) return;
      const pages = queries.getQueryData<TaskPages>(JSON.parse(joined) as typeof listKey);
      const ids = new Set(stale.current);
      stale.current.clear();
      if (!pages) return;
      void rereadRows(api, filter, pages, ids).then((tasks) =>
        patch(new Map(tasks.map((task) => [task.taskId, task]))),
      );
    }, REREAD_MS);
    return () => clearInterval(timer);
  }, [api, patch, queries, joined, filter]);

  useEffect(() => {
    if (!follow || hold || fresh === 0) return;
    const timer = setTimeout(() => void renew(), REREAD_MS);
    return () => clearTimeout(timer);
  }, [follow, hold, fresh, renew]);
  return { fresh, renew };
}
