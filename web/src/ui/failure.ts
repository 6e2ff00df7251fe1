import type { Failure } from './ListState';

interface ProblemLike {
  detail: string;
  title: string;
  type: string;
  retryAfterSeconds: number | null;
}

// A thrown error in the words of a list's states.
export function failureOf(error: unknown, what: string): Failure {
  const problem = error as Partial<ProblemLike>;
  const detail = problem.detail || problem.title || (error instanceof Error ? error.message : '');
  return {
    what,
    detail,
    ...(problem.type ? { type: problem.type } : {}),
    retryAfterSeconds: problem.retryAfterSeconds ?? null,
  };
}
