import type { Failure } from './ListState';

interface ProblemLike {
  status: number;
  detail: string;
  title: string;
  type: string;
  retryAfterSeconds: number | null;
  requestId: string | null;
}

// A thrown error in the words of a list's states.
export function failureOf(error: unknown, what: string): Failure {
  const problem = error as Partial<ProblemLike>;
  const detail = problem.detail || problem.title || (error instanceof Error ? error.message : '');
  return {
    what,
    detail,
    ...(problem.type ? { type: problem.type } : {}),
    ...(problem.requestId ? { requestId: problem.requestId } : {}),
    passing: problem.status === 0 || problem.status === 429 || (problem.status ?? 0) >= 500,
    retryAfterSeconds: problem.retryAfterSeconds ?? null,
  };
}
