import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { type AllMetrics, type Range, useErrorGroups } from '../../api/metrics';
import { useQueues } from '../../api/queues';
import { useMay } from '../../api/session_context';
import { useEndpoints } from '../../api/webhooks';
import { PauseButton } from '../../shared/PauseButton';
import { useNow } from '../../ui/clock';
import classes from './Overview.module.css';
import { type Need, needsOf } from './rules';

// What wants a person, and what can be done about it.
export function NeedsYou({ metrics, range }: { metrics: AllMetrics; range: Range }) {
  const queues = useQueues().data ?? [];
  const endpoints = useEndpoints(useMay('manage')).data ?? [];
  const groups = useErrorGroups(range).data?.errors ?? [];
  const needs = needsOf(metrics, queues, endpoints, groups, useNow(false));
  return (
    <section className="card" aria-label="What needs you">
      <h2>Needs you{needs.length > 0 ? ` (${needs.length})` : ''}</h2>
      {needs.length === 0 ? (
        <p className={classes.note}>Nothing needs you.</p>
      ) : (
        <ul className={classes.needs}>
          {needs.map((need) => (
            <Line key={need.key} need={need} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Line({ need }: { need: Need }) {
  const mayRetry = useMay('tasks:write');
  return (
    <li>
      <span className={classes.need}>
        {need.subject && (
          <>
            <bdi>
              <strong>{need.subject}</strong>
            </bdi>
            :{' '}
          </>
        )}
        <bdi>{need.words}</bdi>
        {need.quoted && (
          <>
            {' '}
            with «<bdi>{need.quoted}</bdi>»
          </>
        )}
      </span>
      <span className={classes.acts}>
        {need.resume && <PauseButton queue={need.resume} />}
        {need.retryTo && mayRetry && (
          <Button component={Link} href={need.retryTo} size="xs" variant="default">
            Retry all…
          </Button>
        )}
        <Button component={Link} href={need.to} size="xs" variant="default">
          {need.verb}
        </Button>
      </span>
    </li>
  );
}
