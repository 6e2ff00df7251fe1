import type { TaskNews } from '../../api/live';
import type { TaskFilter } from '../../api/tasks';

// What is new in a list and not shown: ids, so that a row that is read meanwhile counts no more, and
// a number for the rest.
export interface Fresh {
  ids: ReadonlySet<string>;
  more: number;
  // There may be more than are counted.
  atLeast: boolean;
}
export const NOTHING_NEW: Fresh = { ids: new Set(), more: 0, atLeast: false };
const IDS_MAX = 2_000;

export interface Loaded {
  ids: ReadonlySet<string>;
  // Ids are in the order of submission: what is older than this stands on pages not read yet.
  oldest: string | null;
}

const holds = (filter: TaskFilter, status: string, queue: string | null): boolean =>
  (!filter.status || filter.status.includes(status)) &&
  (!filter.queue || (queue !== null && filter.queue.includes(queue)));

// Whether news tells all of what the list asks for; else the list itself has to be asked.
export const isTold = (filter: TaskFilter): boolean =>
  !(filter.type || filter.tag || filter.text || filter.createdTo) &&
  !(filter.finishedFrom || filter.finishedTo) &&
  !(filter.createdFrom && filter.status);

export function withNews(fresh: Fresh, news: TaskNews, filter: TaskFilter, loaded: Loaded): Fresh {
  const arrived = new Set(news.arrived);
  const ids = new Set(fresh.ids);
  let { more } = fresh;
  for (const { taskId, status, queue } of news.changed) {
    if (!holds(filter, status, queue)) {
      ids.delete(taskId);
      continue;
    }
    // In a list of all statuses a task that changes stood there before.
    const gained = arrived.has(taskId) || filter.status !== undefined;
    const reached = loaded.oldest === null || taskId > loaded.oldest;
    if (!gained || !reached || loaded.ids.has(taskId) || ids.has(taskId)) continue;
    if (ids.size < IDS_MAX) ids.add(taskId);
    else more++;
  }
  for (const kind of news.more) {
    if (holds(filter, kind.status, kind.queue) && (kind.arrived || filter.status)) {
      more += kind.count;
    }
  }
  return { ...fresh, ids, more };
}

// Without what has been read since.
export function withoutRead(fresh: Fresh, loaded: Loaded): Fresh {
  const left = [...fresh.ids].filter((id) => !loaded.ids.has(id));
  return left.length === fresh.ids.size ? fresh : { ...fresh, ids: new Set(left) };
}

export const countOf = (fresh: Fresh): number => fresh.ids.size + fresh.more;
