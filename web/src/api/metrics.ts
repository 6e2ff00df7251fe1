import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { dataOf, type Schemas } from './client';
import type { Counts, News } from './live';
import { useNews } from './live_context';
import { useScope } from './scope';

export type Metrics = Schemas['Metrics'];
export type AllMetrics = Schemas['AllMetrics'];
export const RANGES = ['15m', '1h', '6h', '24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];

// `all`: over all tenants (operators).
export function useMetrics(range: Range, all = false) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [all ? 'all' : key, 'metrics', range],
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
    queryFn: async ({ signal }): Promise<AllMetrics> => {
      const params = { params: { query: { range } }, signal };
      return all
        ? await dataOf(api.GET('/api/v1/admin/metrics', params))
        : ((await dataOf(api.GET('/api/v1/metrics', params))) as AllMetrics);
    },
  });
}

// The counts as they are told live, or those of the metrics until something is told.
export function useCounts(metrics: Counts | undefined): Counts | undefined {
  const [live, setLive] = useState<Counts>();
  useNews(
    useCallback((news: News) => {
      if (news.topic === 'totals') setLive(news.counts);
    }, []),
  );
  return live ?? metrics;
}

// Failed tasks in groups by name and the words that their errors have in common.
export type ErrorGroup = Schemas['ErrorGroups']['errors'][number];
export function useErrorGroups(range: Range) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'errors', range],
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/errors', { params: { query: { range } }, signal })),
  });
}
