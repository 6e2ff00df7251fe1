import {
  parseAsArrayOf,
  parseAsBoolean,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from 'nuqs';
import type { TaskFilter } from '../../api/tasks';
import { STATUSES, type Status } from '../../theme/status';

// Filters live in the address: reloading, going back and sending a link keep them.
const AGES = { '15m': 15, '1h': 60, '6h': 360, '24h': 1_440, '7d': 10_080, '30d': 43_200 } as const;
export type Age = keyof typeof AGES;
export const AGE_NAMES = Object.keys(AGES) as Age[];

const list = parseAsArrayOf(parseAsString).withDefault([]);
export const PARSERS = {
  status: parseAsArrayOf(parseAsStringLiteral(STATUSES)).withDefault([]),
  queue: list,
  name: list,
  tag: list,
  text: parseAsString.withDefault(''),
  created: parseAsStringLiteral(AGE_NAMES),
  from: parseAsString,
  to: parseAsString,
  stuck: parseAsBoolean.withDefault(false),
};

export interface Filters {
  status: Status[];
  queue: string[];
  name: string[];
  tag: string[];
  text: string;
  created: Age | null;
  // Fixed times (RFC 3339), as a span dragged on a chart gives them.
  from: string | null;
  to: string | null;
  // Waiting for over five minutes.
  stuck: boolean;
}
export const NO_FILTERS: Filters = {
  status: [],
  queue: [],
  name: [],
  tag: [],
  text: '',
  created: null,
  from: null,
  to: null,
  stuck: false,
};

export const useFilters = () => useQueryStates(PARSERS, { history: 'push' });

const STUCK_MS = 5 * 60_000;

// In the words of GET /api/v1/tasks. `now` in steps of a minute, so that a relative age does not
// make another query each time it is looked at.
export function asked(filters: Filters, now: number): TaskFilter {
  const minute = Math.floor(now / 60_000) * 60_000;
  const made: TaskFilter = {};
  if (filters.status.length > 0) made.status = filters.status;
  if (filters.queue.length > 0) made.queue = filters.queue;
  if (filters.name.length > 0) made.type = filters.name;
  if (filters.tag.length > 0) made.tag = filters.tag;
  if (filters.text !== '') made.text = filters.text;
  if (filters.created) {
    made.createdFrom = new Date(minute - AGES[filters.created] * 60_000).toISOString();
  }
  if (filters.from) made.createdFrom = filters.from;
  if (filters.to) made.createdTo = filters.to;
  if (filters.stuck) {
    made.status = ['PENDING'];
    made.createdTo = new Date(minute - STUCK_MS).toISOString();
  }
  return made;
}

export const isEmpty = (filter: TaskFilter): boolean => Object.keys(filter).length === 0;

// What was typed into the filter field: `queue:a name:b tag:c status:failed` and free text.
export function typed(text: string): { change: Partial<Filters>; id: string | null } {
  const change: Partial<Filters> = {};
  const words: string[] = [];
  let id: string | null = null;
  for (const word of text.trim().split(/\s+/)) {
    const [, key, value] = /^(queue|name|tag|status|id):(.+)$/.exec(word) ?? [];
    if (key === 'id' && value) id = value;
    else if (key === 'status' && value) {
      const status = STATUSES.find((one) => one === value.toUpperCase());
      if (status) change.status = [...(change.status ?? []), status];
      else words.push(word);
    } else if ((key === 'queue' || key === 'name' || key === 'tag') && value) {
      change[key] = [...(change[key] ?? []), value];
    } else if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word)) id = word;
    else if (word !== '') words.push(word);
  }
  if (words.length > 0) change.text = words.join(' ');
  return { change, id };
}

// Whether a task, as it is now, is still what the list asks for; null where only the server knows.
export function stillMatches(filter: TaskFilter, status: string): boolean {
  return !filter.status || filter.status.includes(status);
}
