import { BULK_MAX, type BulkRequest, type BulkVerb, type TaskFilter } from '../../api/tasks';
import { isFinished, STATUSES, type Status } from '../../theme/status';

// What somebody wants to cancel or retry: these, or all that match.
export type Aim = { ids: string[] } | { filter: TaskFilter; words: string[] };

// The states that a verb can act on.
export const statesFor = (verb: BulkVerb, filter: TaskFilter): Status[] =>
  STATUSES.filter(
    (status) =>
      isFinished(status) === (verb === 'retry') &&
      (!filter.status || filter.status.includes(status)),
  );

const earlier = (a: string | undefined, b: string): string =>
  a !== undefined && Date.parse(a) < Date.parse(b) ? a : b;

// The calls that steer it. A filter is pinned to what matches at `moment`, so that the question and
// the deed mean the same tasks: what ends, or is submitted, later is not among them.
export function requestsFor(verb: BulkVerb, aim: Aim, moment: string): BulkRequest[] {
  if ('ids' in aim) {
    const chunks = Math.ceil(aim.ids.length / BULK_MAX);
    return Array.from({ length: chunks }, (_, i) => ({
      taskIds: aim.ids.slice(i * BULK_MAX, (i + 1) * BULK_MAX),
    }));
  }
  const { filter } = aim;
  const pin =
    verb === 'retry'
      ? { finishedTo: earlier(filter.finishedTo, moment) }
      : { createdTo: earlier(filter.createdTo, moment) };
  return [{ filter: { ...filter, status: statesFor(verb, filter), ...pin } }];
}
