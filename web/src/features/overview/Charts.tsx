import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { AllMetrics } from '../../api/metrics';
import { Chart } from '../../ui/Chart';
import { durationText, numberText } from '../../ui/time';
import classes from './Overview.module.css';

type Percentile = 'p50' | 'p95' | 'p99';

// Trends over the range; a span that is dragged leads to the tasks of that time.
export function Charts({
  metrics,
  onSpan,
}: {
  metrics: AllMetrics;
  onSpan?: (from: number, to: number) => void;
}) {
  const [percentile, setPercentile] = useState<Percentile>('p95');
  const { series } = metrics;
  const times = series.map((step) => Date.parse(step.at) / 1_000);
  const seconds = metrics.window.stepMs / 1_000;
  const perSecond = (count: number) => count / seconds;
  const done = series.map((step) => perSecond(step.completed));
  const failed = series.map((step) => perSecond(step.failed));
  const of = (step: (typeof series)[number], what: 'waitMs' | 'runMs') =>
    step[what]?.[percentile] ?? null;
  return (
    <div className={classes.charts}>
      <section className="card">
        <h2>Throughput</h2>
        <Chart
          sentence={`Tasks a second: ${numberText(metrics.window.completed)} completed and ${numberText(metrics.window.failed)} failed in this range.`}
          times={times}
          group="overview"
          lines={[
            { label: 'completed', color: 'var(--status-completed)', values: done, fill: true },
            { label: 'failed', color: 'var(--status-failed)', values: failed, dashed: true },
          ]}
          format={(value) => `${numberText(Number(value.toPrecision(2)))}/s`}
          {...(onSpan ? { onSpan } : {})}
        />
      </section>
      <section className="card">
        <div className={classes.chartHead}>
          <h2>Wait and run</h2>
          <SegmentedControl
            size="xs"
            aria-label="Percentile"
            value={percentile}
            onChange={(value) => setPercentile(value as Percentile)}
            data={['p50', 'p95', 'p99']}
          />
        </div>
        <Chart
          sentence={`How long tasks waited and ran, ${percentile} of each step.`}
          times={times}
          group="overview"
          lines={[
            {
              label: `wait ${percentile}`,
              color: 'var(--status-pending)',
              values: series.map((step) => of(step, 'waitMs')),
            },
            {
              label: `run ${percentile}`,
              color: 'var(--status-running)',
              values: series.map((step) => of(step, 'runMs')),
              dashed: true,
            },
          ]}
          format={durationText}
          {...(onSpan ? { onSpan } : {})}
        />
      </section>
    </div>
  );
}
