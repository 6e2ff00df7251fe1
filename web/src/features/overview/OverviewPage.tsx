import { SegmentedControl } from '@mantine/core';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { type AllMetrics, RANGES, useCounts, useMetrics } from '../../api/metrics';
import { useScope } from '../../api/scope';
import { useSession } from '../../api/session_context';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { useZone } from '../../ui/TimeText';
import { Charts } from './Charts';
import { FirstSteps, StepsLeft } from './FirstSteps';
import { ErrorList, FailingList, NextList, QueueList, RunningList } from './Lists';
import { NeedsYou } from './NeedsYou';
import { Numbers } from './Numbers';
import classes from './Overview.module.css';
import { TenantShares } from './TenantShares';

export default function OverviewPage() {
  const { session } = useSession();
  const { scope } = useScope();
  const all = session.kind === 'operator' && scope.tenant === null;
  const guest = session.kind === 'operator';
  const [range, setRange] = useQueryState(
    'range',
    parseAsStringLiteral(RANGES).withDefault('1h').withOptions({ history: 'push' }),
  );
  const metrics = useMetrics(range, all);
  const counts = useCounts(metrics.data);
  return (
    <>
      <PageHead title={all ? 'Overview of all tenants' : 'Overview'}>
        <span className="dim">{useZone()}</span>
        <SegmentedControl
          size="xs"
          aria-label="Range"
          value={range}
          onChange={(value) => void setRange(value as typeof range)}
          data={[...RANGES]}
        />
      </PageHead>
      {metrics.isPending && <SkeletonRows rows={12} height={48} />}
      {metrics.isError && !metrics.data && (
        <FailedFirst
          failure={failureOf(metrics.error, 'The metrics could not be read')}
          onRetry={() => void metrics.refetch()}
        />
      )}
      {metrics.data && counts && (
        <>
          {metrics.isError && (
            <FailedLater
              failure={failureOf(metrics.error, 'The metrics could not be read.')}
              onRetry={() => void metrics.refetch()}
            />
          )}
          {!all && counts.total === 0 ? (
            <FirstSteps counts={counts} />
          ) : (
            <>
              <Numbers metrics={metrics.data} counts={counts} links={!all} />
              {all ? (
                <TenantShares metrics={metrics.data} />
              ) : (
                <NeedsYou metrics={metrics.data} range={range} />
              )}
              {!guest && <StepsLeft counts={counts} />}
              <Trends metrics={metrics.data} all={all} />
              <div className={classes.lists}>
                {!all && <QueueList metrics={metrics.data} />}
                {all ? <FailingList metrics={metrics.data} /> : <ErrorList range={range} />}
                {!all && <RunningList />}
                {!all && <NextList />}
              </div>
            </>
          )}
        </>
      )}
    </>
  );
}

// After the first paint: the numbers come first, the charts need their code.
function Trends({ metrics, all }: { metrics: AllMetrics; all: boolean }) {
  const [painted, setPainted] = useState(false);
  const [, navigate] = useLocation();
  useEffect(() => {
    const frame = requestAnimationFrame(() => setPainted(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  const onSpan = (from: number, to: number) => {
    const time = (seconds: number) => encodeURIComponent(new Date(seconds * 1_000).toISOString());
    navigate(`/tasks?from=${time(from)}&to=${time(to)}`);
  };
  return (
    <div className={classes.trends}>
      {painted && <Charts metrics={metrics} {...(all ? {} : { onSpan })} />}
    </div>
  );
}
