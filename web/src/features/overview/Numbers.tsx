import { Link } from 'wouter';
import type { Counts } from '../../api/live';
import type { AllMetrics } from '../../api/metrics';
import { useUpcomingTasks } from '../../api/tasks';
import { useNow } from '../../ui/clock';
import { durationText, numberText, relativeText } from '../../ui/time';
import classes from './Overview.module.css';
import { successText } from './rules';

interface Props {
  metrics: AllMetrics;
  counts: Counts;
  // Where each number leads; nothing over all tenants.
  links: boolean;
}

// The five numbers, each a link to the tasks behind it.
export function Numbers({ metrics, counts, links }: Props) {
  const current = useNow(true);
  const oldest = metrics.queues
    .map((queue) => (queue.oldestReadyAt ? Date.parse(queue.oldestReadyAt) : null))
    .filter((at) => at !== null)
    .sort((a, b) => a - b)[0];
  const next = useUpcomingTasks(links).data?.[0]?.nextAttemptAt;
  const { window } = metrics;
  const p95 = window.runMs?.p95;
  const wait = window.waitMs?.p95;
  const cards = [
    {
      name: 'Pending',
      value: numberText(counts.pending),
      more: oldest
        ? `oldest ${durationText(Math.max(0, current - oldest))}`
        : counts.pending === 0
          ? 'nothing waits'
          : '',
      to: '/tasks?status=PENDING',
    },
    {
      name: 'Scheduled',
      value: numberText(counts.scheduled),
      more: next
        ? `next ${relativeText(Math.max(current, Date.parse(next)), current)}`
        : counts.scheduled === 0
          ? 'nothing is due later'
          : '',
      to: '/tasks?status=SCHEDULED',
    },
    {
      name: 'Running',
      value: numberText(counts.running),
      more:
        p95 !== undefined && p95 !== null ? `run p95 ${durationText(p95)}` : 'no run in this range',
      to: '/tasks?status=RUNNING',
    },
    {
      name: 'Failed',
      value: numberText(counts.failed),
      more: `${numberText(window.failed)} in this range`,
      to: '/tasks?status=FAILED',
    },
    {
      name: 'Success',
      value: successText(window),
      more: `${numberText(Number((window.throughputPerSecond ?? 0).toPrecision(3)))}/s, wait p95 ${
        wait !== undefined && wait !== null ? durationText(wait) : '–'
      }`,
      to: '/tasks?status=COMPLETED',
    },
  ];
  return (
    <div className={classes.numbers}>
      {cards.map((card) => {
        const inside = (
          <>
            <span className={classes.name}>{card.name}</span>
            <span className={classes.value}>{card.value}</span>
            <span className={classes.more}>{card.more}</span>
          </>
        );
        return links ? (
          <Link key={card.name} href={card.to} className={classes.number}>
            {inside}
          </Link>
        ) : (
          <div key={card.name} className={classes.number}>
            {inside}
          </div>
        );
      })}
    </div>
  );
}
