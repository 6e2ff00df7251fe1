import {
  type InfiniteData,
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { doorOf } from './base';
import { type Api, dataOf, type Page, pageOf, type Schemas, send } from './client';
import { rawMember } from './raw_json';
import { useScope } from './scope';

export type TaskSummary = Schemas['Task'];
export type TaskDetail = Schemas['TaskDetail'];
export type Attempt = Schemas['Attempt'];

// The words of GET /api/v1/tasks.
export interface TaskFilter {
  status?: string[];
  queue?: string[];
  type?: string[];
  tag?: string[];
  createdFrom?: string;
  createdTo?: string;
  finishedFrom?: string;
  finishedTo?: string;
  text?: string;
}
export const TASK_PAGE = 100;
// Pages kept at once: the far end is dropped with its cursor (2,000 rows).
export const TASK_PAGES_MAX = 20;

export type TaskPages = InfiniteData<Page<TaskSummary>, string | null>;
export const taskListKey = (scope: string, filter: TaskFilter) => [scope, 'tasks', filter] as const;

function readPage(api: Api, filter: TaskFilter, cursor: string | null, signal?: AbortSignal) {
  return pageOf(
    api.GET('/api/v1/tasks', {
      params: {
        query: {
          ...(filter as Record<string, never>),
          view: 'summary',
          limit: TASK_PAGE,
          ...(cursor === null ? {} : { cursor }),
        },
      },
      ...(signal ? { signal } : {}),
    }),
  );
}

export const readFirstPage = (api: Api, filter: TaskFilter) => readPage(api, filter, null);

// Only the first page is kept, and read again into the same rows.
export async function renewTaskList(
  queries: QueryClient,
  queryKey: ReturnType<typeof taskListKey>,
): Promise<void> {
  await queries.cancelQueries({ queryKey, exact: true });
  queries.setQueryData<TaskPages>(
    queryKey,
    (list) => list && { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) },
  );
  await queries.refetchQueries({ queryKey, exact: true });
}

export function useTaskList(filter: TaskFilter, enabled = true) {
  const { api, key } = useScope();
  return useInfiniteQuery({
    queryKey: taskListKey(key, filter),
    enabled,
    initialPageParam: null as string | null,
    maxPages: TASK_PAGES_MAX,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) => readPage(api, filter, pageParam, signal),
    getNextPageParam: (page) => page.next,
    getPreviousPageParam: () => undefined,
  });
}

// The newest tasks that match, without pages.
export function useNewestTasks(filter: TaskFilter, limit: number, refetchMs: number) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'newest', filter, limit],
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs,
    queryFn: async ({ signal }) =>
      (
        await pageOf(
          api.GET('/api/v1/tasks', {
            params: { query: { ...(filter as Record<string, never>), view: 'summary', limit } },
            signal,
          }),
        )
      ).items,
  });
}

// What is not due yet, the next due first.
export function useUpcomingTasks(enabled = true) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'upcoming'],
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/tasks/upcoming', { params: { query: { limit: 6 } }, signal })),
  });
}

const PAGES_REREAD = 2;
const ROWS_REREAD = 10;

// Rows of loaded pages as they are now: the pages that hold them are read again, and what has left
// the filter meanwhile one by one, some of it.
export async function rereadRows(
  api: Api,
  filter: TaskFilter,
  pages: TaskPages,
  taskIds: Set<string>,
): Promise<TaskSummary[]> {
  const cursors = pages.pageParams.filter((_, i) =>
    pages.pages[i]?.items.some((task) => taskIds.has(task.taskId)),
  );
  const read = await Promise.allSettled(
    cursors.slice(0, PAGES_REREAD).map((cursor) => readPage(api, filter, cursor)),
  );
  const rows = read
    .flatMap((one) => (one.status === 'fulfilled' ? one.value.items : []))
    .filter((task) => taskIds.has(task.taskId));
  const found = new Set(rows.map((task) => task.taskId));
  const left = [...taskIds].filter((id) => !found.has(id)).slice(0, ROWS_REREAD);
  const single = await Promise.allSettled(
    left.map((taskId) =>
      dataOf(api.GET('/api/v1/tasks/{taskId}', { params: { path: { taskId } } })),
    ),
  );
  for (const one of single) {
    if (one.status === 'rejected' || !one.value) continue;
    const {
      payload: _payload,
      result: _result,
      attempts: _attempts,
      logs: _logs,
      ...row
    } = one.value;
    rows.push(row as TaskSummary);
  }
  return rows;
}

// A task as answered, and payload and result as the very text that came: parsing loses digits.
export interface TaskView {
  task: TaskDetail;
  payload: string;
  result: string;
}
export function useTask(taskId: string) {
  const { scope, key } = useScope();
  return useQuery({
    queryKey: [key, 'task', taskId],
    queryFn: async ({ signal }): Promise<TaskView> => {
      const url = `${doorOf(scope)}/v1/tasks/${encodeURIComponent(taskId)}`;
      const text = await (await send(url, { signal })).text();
      return {
        task: JSON.parse(text) as TaskDetail,
        payload: rawMember(text, 'payload') ?? 'null',
        result: rawMember(text, 'result') ?? 'null',
      };
    },
    // Its place in the queue changes without news of the task itself.
    refetchInterval: ({ state }) => (state.data?.task.status === 'PENDING' ? 5_000 : false),
  });
}

export function useCancelTask() {
  const { api } = useScope();
  const renew = useRenewTasks();
  return useMutation({
    mutationFn: (taskId: string) =>
      dataOf(api.DELETE('/api/v1/tasks/{taskId}', { params: { path: { taskId } } })),
    onSettled: renew,
  });
}
export function useRetryTask() {
  const { api } = useScope();
  const renew = useRenewTasks();
  return useMutation({
    mutationFn: (taskId: string) =>
      dataOf(api.POST('/api/v1/tasks/{taskId}/retry', { params: { path: { taskId } } })),
    onSettled: renew,
  });
}
function useRenewTasks() {
  const queries = useQueryClient();
  const { key } = useScope();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: [key, 'task'] }),
      queries.invalidateQueries({ queryKey: [key, 'tasks'] }),
      queries.invalidateQueries({ queryKey: [key, 'metrics'] }),
    ]);
}

// `body` is the finished JSON text: a payload travels as it was typed. One key until it is answered,
// so that a second press cannot make two.
export function useSubmitTask() {
  const { scope } = useScope();
  const renew = useRenewTasks();
  return useMutation({
    mutationFn: async ({ body, key }: { body: string; key: string }) => {
      const answer = await send(`${doorOf(scope)}/v1/tasks`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body,
      });
      return (await answer.json()) as TaskSummary;
    },
    onSuccess: renew,
  });
}

// Cancel or retry of several (POST /api/v1/tasks/cancel, /retry).
export type BulkVerb = 'cancel' | 'retry';
export interface BulkRequest {
  taskIds?: string[];
  filter?: TaskFilter;
  limit?: number;
}
export interface BulkAnswer {
  dryRun: boolean;
  matched: number;
  // False: more match.
  exact: boolean;
  done: number;
  skipped: number;
  samples: TaskSummary[];
}
// The most that one call takes.
export const BULK_MAX = 1_000;
// The finished body of a call: what is shown as curl is what is sent.
export const bulkBody = (request: BulkRequest, dryRun: boolean): string =>
  JSON.stringify({ ...request, dryRun });

const NONE_DONE: BulkAnswer = {
  dryRun: false,
  matched: 0,
  exact: true,
  done: 0,
  skipped: 0,
  samples: [],
};
const added = (sum: BulkAnswer, one: BulkAnswer): BulkAnswer => ({
  dryRun: one.dryRun,
  matched: sum.matched + one.matched,
  exact: sum.exact && one.exact,
  done: sum.done + one.done,
  skipped: sum.skipped + one.skipped,
  samples: [...sum.samples, ...one.samples].slice(0, 5),
});

// Steers tasks by one call after the other.
export function useBulk() {
  const { scope } = useScope();
  const renew = useRenewTasks();
  const call = async (verb: BulkVerb, request: BulkRequest, dryRun: boolean) => {
    const answer = await send(`${doorOf(scope)}/v1/tasks/${verb}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: bulkBody(request, dryRun),
    });
    return (await answer.json()) as BulkAnswer;
  };
  return {
    tryOut: async (verb: BulkVerb, requests: BulkRequest[]): Promise<BulkAnswer> => {
      let told = NONE_DONE;
      for (const request of requests) told = added(told, await call(verb, request, true));
      return told;
    },
    // A filter's call is repeated while more match: what is done has left the filter. Ends early when
    // `onProgress` says so.
    send: async (
      verb: BulkVerb,
      requests: BulkRequest[],
      onProgress: (told: BulkAnswer) => 'go on' | 'stop',
    ): Promise<BulkAnswer> => {
      let told = NONE_DONE;
      try {
        for (const request of requests) {
          for (let more = true; more; ) {
            const one = await call(verb, request, false);
            told = { ...added(told, one), exact: one.exact };
            more = request.filter !== undefined && !one.exact && one.done > 0;
            if (onProgress(told) === 'stop') return told;
          }
        }
        return told;
      } finally {
        await renew();
      }
    },
  };
}
