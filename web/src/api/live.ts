import { doorOf, prefix, type Scope } from './base';
import { send } from './client';

// Live news of one scope. A browser keeps one stream, not one a tab (with HTTP/1.1 the seventh tab
// would hang): the tab that holds a Web Lock leads, opens the stream and shares what it hears over a
// BroadcastChannel; when it goes, the lock passes on. What each tab shows is merged by the leader
// and told to the server, so that only that flows.

export interface Counts {
  pending: number;
  scheduled: number;
  running: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  total: number;
}
export interface TaskChange {
  taskId: string;
  status: string;
  queue: string | null;
  attempt: number;
  at: string;
}
// Tasks that lists gained and that are not named: too many at once.
export interface UnnamedTasks {
  status: string;
  queue: string | null;
  arrived: boolean;
  count: number;
}
export interface TaskNews {
  changed: TaskChange[];
  // Of `changed`: those that were just submitted.
  arrived: string[];
  more: UnnamedTasks[];
}
export type News =
  | { topic: 'totals'; counts: Counts }
  | ({ topic: 'tasks' } & TaskNews)
  | { topic: 'reset' };
export type Light = 'live' | 'connecting' | 'stale';
// What a list asks for, as far as the server can judge; empty: any.
export interface WatchedList {
  statuses: string[];
  queues: string[];
}
export interface Watch {
  taskIds: string[];
  list: WatchedList | null;
  tasks: boolean;
}

const STALE_AFTER_MS = 20_000;
const WATCH_AFTER_MS = 100;
const BACKOFF_MS = [1_000, 30_000] as const;
const WATCHED_MAX = 500;
const LISTS_MAX = 32;

type Message =
  | { kind: 'news'; news: News }
  | { kind: 'heard' }
  | { kind: 'lost' }
  | { kind: 'watch'; tab: string; watch: Watch }
  | { kind: 'gone'; tab: string }
  // From here on a tab that had just begun to want tasks hears of them.
  | { kind: 'begin'; tab: string }
  | { kind: 'who' };

// A list with other filters has read its rows before the server knew of them: it reads them again.
const asksAnew = (before: Watch, watch: Watch): boolean =>
  watch.tasks && JSON.stringify(before.list) !== JSON.stringify(watch.list);

export class LiveFeed {
  private readonly tab = crypto.randomUUID();
  private readonly channel: BroadcastChannel;
  private readonly listeners = new Set<(news: News) => void>();
  private readonly lights = new Set<() => void>();
  private readonly stopped = new AbortController();
  private readonly watches = new Map<string, Watch>();
  private own: Watch = { taskIds: [], list: null, tasks: false };
  private readonly beginners = new Set<string>();
  private source: EventSource | null = null;
  private connection: string | null = null;
  private leads = false;
  private tries = 0;
  private light: Light = 'connecting';
  private heardAt = Date.now();
  private retry: ReturnType<typeof setTimeout> | undefined;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private staleCheck: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly scope: Scope,
    private readonly all: boolean,
  ) {
    this.channel = new BroadcastChannel(this.name());
    this.channel.onmessage = (event: MessageEvent<Message>) => this.receive(event.data);
    this.staleCheck = setInterval(() => {
      if (Date.now() - this.heardAt > STALE_AFTER_MS) this.setLight('stale');
    }, 1_000);
    addEventListener('pagehide', this.sayGone);
    void this.wantToLead();
  }

  stop(): void {
    this.sayGone();
    removeEventListener('pagehide', this.sayGone);
    clearInterval(this.staleCheck);
    clearTimeout(this.retry);
    clearTimeout(this.telling);
    this.source?.close();
    this.stopped.abort();
    this.channel.close();
  }

  listen(listener: (news: News) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  onLight(listener: () => void): () => void {
    this.lights.add(listener);
    return () => this.lights.delete(listener);
  }
  currentLight(): Light {
    return this.light;
  }
  lastHeard(): number {
    return this.heardAt;
  }

  // What this tab shows from now on.
  watch(watch: Watch): void {
    // The server sees a beginning only in the first tab that wants tasks.
    const others = [...this.watches.values()].some((one) => one.tasks);
    const begins = watch.tasks && !this.own.tasks ? others : asksAnew(this.own, watch);
    if (this.leads && begins) this.beginners.add(this.tab);
    this.own = watch;
    if (this.leads) this.tellServerSoon();
    else this.post({ kind: 'watch', tab: this.tab, watch });
  }

  private name(): string {
    return `belfry-live:${prefix}:${this.scope.tenant ?? (this.all ? '*' : '')}`;
  }
  private readonly sayGone = (): void => this.post({ kind: 'gone', tab: this.tab });
  private post(message: Message): void {
    try {
      this.channel.postMessage(message);
    } catch {
      // The channel is closed: this tab has stopped.
    }
  }

  private async wantToLead(): Promise<void> {
    const { signal } = this.stopped;
    try {
      await navigator.locks.request(this.name(), { signal }, () => this.lead(signal));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  // Holds the lock until this tab stops.
  private lead(signal: AbortSignal): Promise<void> {
    this.leads = true;
    this.post({ kind: 'who' });
    this.open();
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  }

  private open(): void {
    if (this.stopped.signal.aborted) return;
    const source = new EventSource(`${doorOf(this.scope)}/live${this.all ? '?all=1' : ''}`);
    this.source = source;
    source.addEventListener('hello', (event: MessageEvent<string>) => {
      this.connection = (JSON.parse(event.data) as { connection: string }).connection;
      const again = this.tries > 0;
      this.tries = 0;
      this.heard();
      this.tellServerSoon();
      if (again) this.tell({ topic: 'reset' });
    });
    source.addEventListener('totals', (event: MessageEvent<string>) =>
      this.tell({ topic: 'totals', counts: JSON.parse(event.data) as Counts }),
    );
    source.addEventListener('tasks', (event: MessageEvent<string>) => {
      this.tell({ topic: 'tasks', ...(JSON.parse(event.data) as TaskNews) });
    });
    source.addEventListener('reset', () => this.tell({ topic: 'reset' }));
    source.addEventListener('ping', () => this.heard());
    source.addEventListener('lost', () => {
      this.post({ kind: 'lost' });
      this.setLight('stale');
    });
    source.onerror = () => {
      source.close();
      this.connection = null;
      this.setLight('connecting');
      const [least, most] = BACKOFF_MS;
      const wait = Math.min(most, least * 2 ** this.tries++) * (0.5 + Math.random() / 2);
      this.retry = setTimeout(() => this.open(), wait);
    };
  }

  private tell(news: News): void {
    this.heard();
    this.post({ kind: 'news', news });
    this.deliver(news);
  }
  private deliver(news: News): void {
    for (const listener of this.listeners) listener(news);
  }
  private heard(): void {
    if (this.leads) this.post({ kind: 'heard' });
    this.heardAt = Date.now();
    this.setLight('live');
  }
  private setLight(light: Light): void {
    if (this.light === light) return;
    this.light = light;
    for (const listener of this.lights) listener();
  }

  private receive(message: Message): void {
    if (message.kind === 'news') {
      this.heard();
      this.deliver(message.news);
    } else if (message.kind === 'heard') {
      this.heard();
    } else if (message.kind === 'lost') {
      this.setLight('stale');
    } else if (message.kind === 'who') {
      this.post({ kind: 'watch', tab: this.tab, watch: this.own });
    } else if (message.kind === 'begin') {
      if (message.tab === this.tab) this.deliver({ topic: 'reset' });
    } else if (message.kind === 'watch') {
      const before = this.watches.get(message.tab);
      if (message.watch.tasks && (!before?.tasks || asksAnew(before, message.watch))) {
        this.beginners.add(message.tab);
      }
      this.watches.set(message.tab, message.watch);
      this.tellServerSoon();
    } else {
      this.watches.delete(message.tab);
      this.tellServerSoon();
    }
  }

  private tellServerSoon(): void {
    if (!this.leads || this.telling !== undefined) return;
    this.telling = setTimeout(() => {
      this.telling = undefined;
      void this.tellServer();
    }, WATCH_AFTER_MS);
  }
  private async tellServer(): Promise<void> {
    if (this.connection === null || this.all) return;
    const watches = [this.own, ...this.watches.values()];
    const taskIds = [...new Set(watches.flatMap((watch) => watch.taskIds))].slice(0, WATCHED_MAX);
    const tasks = watches.some((watch) => watch.tasks);
    const lists = [...new Set(watches.map((watch) => JSON.stringify(watch.list)))]
      .map((list) => JSON.parse(list) as WatchedList | null)
      .filter((list) => list !== null)
      .slice(0, LISTS_MAX);
    const begun = [...this.beginners];
    this.beginners.clear();
    try {
      await send(`${doorOf(this.scope)}/live/watch`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ connection: this.connection, taskIds, lists, tasks }),
      });
      for (const tab of begun) {
        if (tab === this.tab) this.deliver({ topic: 'reset' });
        else this.post({ kind: 'begin', tab });
      }
    } catch {
      // The stream's own end tells of a lost server; a new connection tells the watches again.
    }
  }
}
