import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import { type Light, LiveFeed, type News, type WatchedList } from './live';
import { useScope } from './scope';

const LiveContext = createContext<LiveFeed | null>(null);

// How long a hidden tab still listens.
const HIDDEN_MS = 60_000;

// One feed for the scope; none while the tab has been hidden for a minute. `all`: the operator's
// view over all tenants.
export function LiveProvider({ all, children }: { all: boolean; children: ReactNode }) {
  const { scope } = useScope();
  const [feed, setFeed] = useState<LiveFeed | null>(null);
  useEffect(() => {
    let current: LiveFeed | null = null;
    let hiding: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      current ??= new LiveFeed(scope, all);
      setFeed(current);
    };
    const end = () => {
      current?.stop();
      current = null;
      setFeed(null);
    };
    const onVisibility = () => {
      clearTimeout(hiding);
      if (document.hidden) hiding = setTimeout(end, HIDDEN_MS);
      else begin();
    };
    begin();
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      clearTimeout(hiding);
      end();
    };
  }, [scope, all]);
  return <LiveContext.Provider value={feed}>{children}</LiveContext.Provider>;
}

export const useLiveFeed = (): LiveFeed | null => useContext(LiveContext);

// Calls `onNews` for each piece of news. `onNews` is best kept stable (useCallback).
export function useNews(onNews: (news: News) => void): void {
  const feed = useLiveFeed();
  useEffect(() => feed?.listen(onNews), [feed, onNews]);
}

// Says which tasks this tab shows, and what its list asks for (kept stable by the caller), if it has
// one: then what the list gains is told as well.
export function useWatch(taskIds: readonly string[], list: WatchedList | null = null): void {
  const feed = useLiveFeed();
  const joined = taskIds.join(',');
  useEffect(() => {
    feed?.watch({ taskIds: joined === '' ? [] : joined.split(','), list, tasks: true });
  }, [feed, joined, list]);
  useEffect(() => {
    return () => feed?.watch({ taskIds: [], list: null, tasks: false });
  }, [feed]);
}

export function useLight(): { light: Light; heardAt: number | null } {
  const feed = useLiveFeed();
  const light = useSyncExternalStore<Light>(
    (notify) => feed?.onLight(notify) ?? (() => {}),
    () => feed?.currentLight() ?? 'connecting',
  );
  return { light, heardAt: feed?.lastHeard() ?? null };
}
