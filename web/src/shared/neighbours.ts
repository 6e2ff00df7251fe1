// The list of tasks that was looked at last, in this tab's memory only: from a task one goes on to
// its neighbours without going back to the list, and back to the list as it was.
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

export interface ListPlace {
  // The list's address: page and filters.
  path: string;
  // When it was asked for, in ms since 1970: what it is by age depends on it.
  moment: number;
  // Scrolled to, in pixels.
  top: number;
}
let left: ListPlace | null = null;
let returningTo: string | null = null;

// The list is on screen: its entry of the browser's history is marked, to be known when somebody
// comes back to it.
export function arriveAt(place: ListPlace): void {
  rememberPlace(place);
  returningTo = null;
  if (markOf(history.state) === place.moment) return;
  history.replaceState({ ...(history.state as object | null), listAsked: place.moment }, '');
}
const markOf = (state: unknown): number | undefined =>
  (state as { listAsked?: number } | null)?.listAsked;

// Where the list is now.
export function rememberPlace(place: ListPlace): void {
  left = place;
}
// Where the list was left, if it is come back to; null if it is opened anew.
export function placeToReturnTo(path: string): ListPlace | null {
  if (left?.path !== path) return null;
  return returningTo === path || markOf(history.state) === left.moment ? left : null;
}

// The link from a task, whose page is at `taskPath`, to the list that it was found in.
export function wayBackToList(taskPath: string): { href: string; onClick: () => void } {
  const [page, search] = left?.path.split('?') ?? [];
  const found = page !== undefined && taskPath.startsWith(`${page}/`);
  return {
    href: found && search ? `/tasks?${search}` : '/tasks',
    onClick: () => {
      returningTo = found ? (left?.path ?? null) : null;
    },
  };
}
