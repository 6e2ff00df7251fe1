// The tasks of the list that was looked at last, in its order and in this tab's memory only: from a
// task one goes on to its neighbours without going back to the list.
let seen: readonly string[] = [];

export function rememberList(taskIds: readonly string[]): void {
  seen = taskIds;
}

export interface Neighbours {
  previous: string | null;
  next: string | null;
}
export function neighboursOf(taskId: string): Neighbours {
  const at = seen.indexOf(taskId);
  if (at < 0) return { previous: null, next: null };
  return { previous: seen[at - 1] ?? null, next: seen[at + 1] ?? null };
}
