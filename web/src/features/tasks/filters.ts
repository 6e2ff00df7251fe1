import {
  parseAsBoolean,
  parseAsNativeArrayOf,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
} from 'nuqs';
import type { TaskFilter } from '../../api/tasks';
import { STATUS_LOOK, STATUSES, type Status } from '../../theme/status';

// Filters live in the address: reloading, going back and sending a link keep them.
const AGES = { '15m': 15, '1h': 60, '6h': 360, '24h': 1_440, '7d': 10_080, '30d': 43_200 } as const;
export type Age = keyof typeof AGES;
export const AGE_NAMES = Object.keys(AGES) as Age[];

// Several values repeat the key.
const list = parseAsNativeArrayOf(parseAsString);
export const PARSERS = {
  status: parseAsNativeArrayOf(parseAsStringLiteral(STATUSES)),
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

// What stands in an address and means nothing here: dropped, with a note.
export function unknownIn(search: string): string[] {
  const isKnown = (key: string, value: string): boolean => {
    if (key === 'status') return STATUSES.some((status) => status === value);
    if (key === 'created') return AGE_NAMES.some((age) => age === value);
    if (key === 'from' || key === 'to') return !Number.isNaN(Date.parse(value));
    if (key === 'stuck') return /^(true|false)$/.test(value);
    if (key === 'ask') return value === 'retry';
    return key in PARSERS;
  };
  return [...new URLSearchParams(search)]
    .filter(([key, value]) => !isKnown(key, value))
    .map(([key, value]) => `${key}=${value}`);
}

export const useFilters = () => useQueryStates(PARSERS, { history: 'push' });

const isTime = (text: string | null): text is string =>
  text !== null && !Number.isNaN(Date.parse(text));

const STUCK_MS = 5 * 60_000;

// Whether what it asks for depends on when it is asked.
export const isRelative = (filters: Filters): boolean => filters.created !== null || filters.stuck;

// In the words of GET /api/v1/tasks. `moment`: when the list was asked for, in ms since 1970; the
// clock going on does not make another list of it.
export function asked(filters: Filters, moment: number): TaskFilter {
  const made: TaskFilter = {};
  if (filters.status.length > 0) made.status = filters.status;
  if (filters.queue.length > 0) made.queue = filters.queue;
  if (filters.name.length > 0) made.type = filters.name;
  if (filters.tag.length > 0) made.tag = filters.tag;
  if (filters.text !== '') made.text = filters.text;
  if (filters.created) {
    made.createdFrom = new Date(moment - AGES[filters.created] * 60_000).toISOString();
  }
  if (isTime(filters.from)) made.createdFrom = filters.from;
  if (isTime(filters.to)) made.createdTo = filters.to;
  if (filters.stuck) {
    made.status = ['PENDING'];
    made.createdTo = new Date(moment - STUCK_MS).toISOString();
  }
  return made;
}

export const isEmpty = (filter: TaskFilter): boolean => Object.keys(filter).length === 0;

// A filter in words, and what takes it away.
export interface Chip {
  words: string;
  without: Partial<Filters>;
}
// Status and age have controls of their own.
export function chipsOf(filters: Filters): Chip[] {
  const chips: Chip[] = [];
  for (const key of ['queue', 'name', 'tag'] as const) {
    for (const value of filters[key]) {
      chips.push({
        words: `${key}: ${value}`,
        without: { [key]: filters[key].filter((one) => one !== value) },
      });
    }
  }
  if (filters.text) chips.push({ words: `holds «${filters.text}»`, without: { text: '' } });
  if (filters.stuck) chips.push({ words: 'waiting over 5 min', without: { stuck: false } });
  if (filters.from || filters.to) {
    chips.push({
      words: `created ${filters.from ?? '…'} to ${filters.to ?? '…'}`,
      without: { from: null, to: null },
    });
  }
  return chips;
}
export const wordsOf = (filters: Filters): string[] => [
  ...filters.status.map((status) => STATUS_LOOK[status].word),
  ...(filters.created ? [`created in the last ${filters.created}`] : []),
  ...chipsOf(filters).map((chip) => chip.words),
];

// What was typed into the filter field: `queue:a name:"b c" tag:d status:failed` and free text.
export function typed(text: string): { change: Partial<Filters>; id: string | null } {
  const change: Partial<Filters> = {};
  const words: string[] = [];
  let id: string | null = null;
  for (const [word, key, quoted, bare] of text.matchAll(
    /(?:(queue|name|tag|status|id):)?(?:"([^"]*)"|(\S+))/g,
  )) {
    const value = quoted ?? bare ?? '';
    if (value === '') continue;
    if (key === 'id') id = value;
    else if (key === 'status') {
      const status = STATUSES.find((one) => one === value.toUpperCase());
      if (status) change.status = [...(change.status ?? []), status];
      else words.push(word);
    } else if (key === 'queue' || key === 'name' || key === 'tag') {
      change[key] = [...(change[key] ?? []), value];
    } else if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) id = value;
    else words.push(value);
  }
  if (words.length > 0) change.text = words.join(' ');
  return { change, id };
}
// A qualifier as it is typed: in quotes if its value holds a blank.
export const qualifier = (key: string, value: string): string =>
  /\s/.test(value) ? `${key}:"${value}"` : `${key}:${value}`;

// Whether a task, as it is now, is still what the list asks for; null where only the server knows.
export function stillMatches(filter: TaskFilter, status: string): boolean {
  return !filter.status || filter.status.includes(status);
}
