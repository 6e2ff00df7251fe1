import type { Counts } from '../../api/live';

export type StepId = 'submit' | 'watch' | 'connect' | 'hear';

interface Tried {
  attempt: number;
  target: { type?: string } | null;
}

// What of the first steps is done, by what the server tells: a handler or worker is connected once it
// was given a task.
export function stepsDone(counts: Counts, newest: Tried[], endpoints: number): ReadonlySet<StepId> {
  const done = new Set<StepId>();
  if (counts.total > 0) done.add('submit');
  if (counts.running + counts.completed + counts.failed > 0) done.add('watch');
  const isOwn = ({ target }: Tried) => target?.type === 'http' || target?.type === 'worker';
  if (newest.some((task) => task.attempt > 0 && isOwn(task))) done.add('connect');
  if (endpoints > 0) done.add('hear');
  return done;
}
