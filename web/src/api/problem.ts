// RFC 9457 answers as errors, and what they say to people.
export interface FieldFault {
  pointer: string;
  detail: string;
}

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    readonly title: string,
    readonly detail: string,
    readonly faults: FieldFault[] = [],
    readonly retryAfterSeconds: number | null = null,
    // As whoever answered names the request in its log.
    readonly requestId: string | null = null,
  ) {
    super(detail || title);
    this.name = 'ApiProblem';
  }

  // The last part of urn:belfry:problem:NAME.
  get kind(): string {
    return this.type.split(':').at(-1) ?? '';
  }
}

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  errors?: { pointer?: string; detail?: string }[];
}

export function problemFrom(response: Response, body: unknown): ApiProblem {
  const given = (typeof body === 'object' && body !== null ? body : {}) as ProblemBody;
  const wait = Number(response.headers.get('Retry-After') ?? '');
  return new ApiProblem(
    response.status,
    given.type ?? '',
    given.title ?? `The server answered ${response.status}.`,
    given.detail ?? '',
    (given.errors ?? []).map((one) => ({ pointer: one.pointer ?? '', detail: one.detail ?? '' })),
    Number.isFinite(wait) && wait > 0 ? wait : null,
    response.headers.get('X-Request-Id'),
  );
}

export function unreachable(cause: unknown): ApiProblem {
  return new ApiProblem(
    0,
    'urn:belfry:problem:unreachable',
    'The dashboard cannot be reached.',
    `No answer came from this dashboard's server (${cause instanceof Error ? cause.message : 'no reason given'}). It is tried again by itself.`,
  );
}

export const isProblem = (error: unknown): error is ApiProblem => error instanceof ApiProblem;

// Worth trying again by itself: nobody answered, or asked for patience.
export const isPassing = (error: unknown): boolean =>
  isProblem(error) && (error.status === 0 || error.status === 429 || error.status >= 500);
