import { Button, Code } from '@mantine/core';
import { useState } from 'react';
import type { TaskDetail } from '../../api/tasks';
import { useEndpoints, type WebhookDelivery } from '../../api/webhooks';
import { DeliveryDetail } from '../../shared/DeliveryDetail';
import { RedeliverButton } from '../../shared/RedeliverButton';
import { deliveryWord, receiverOf } from '../../shared/states';
import { isStatus, STATUS_LOOK } from '../../theme/status';
import { useNow } from '../../ui/clock';
import { Duration, Since, TimeText } from '../../ui/TimeText';
import classes from './Timeline.module.css';
import { type Moment, outcomeWords, type Run, runsOf, spanOf, statusToTell } from './timeline';

interface Props {
  task: TaskDetail;
  deliveries: WebhookDelivery[];
  open: string | null;
  onOpen: (key: string | null) => void;
}

// Everything that happened, each thing that lasted as a bar to scale.
export function Timeline({ task, deliveries, open, onOpen }: Props) {
  const [older, setOlder] = useState(false);
  const runs = runsOf(task, deliveries);
  return (
    <div>
      {(older ? runs : runs.slice(0, 1)).map((run) => (
        <section key={run.run} aria-label={runs.length > 1 ? `Run ${run.run}` : 'What happened'}>
          {runs.length > 1 && <h3>Run {run.run}</h3>}
          <RunLines run={run} open={open} onOpen={onOpen} />
        </section>
      ))}
      {runs.length > 1 && (
        <Button size="compact-xs" variant="subtle" onClick={() => setOlder(!older)}>
          {older ? 'Hide earlier runs' : `Show ${runs.length - 1} earlier`}
        </Button>
      )}
    </div>
  );
}

function RunLines({
  run,
  open,
  onOpen,
}: {
  run: Run;
  open: string | null;
  onOpen: Props['onOpen'];
}) {
  const current = useNow(run.moments.some((one) => one.until === null));
  const { from, to } = spanOf(run, current);
  return (
    <ol className={classes.lines}>
      {run.moments.map((moment) => (
        <Line
          key={moment.key}
          moment={moment}
          from={from}
          to={to}
          current={current}
          open={open === moment.key}
          onOpen={() => onOpen(open === moment.key ? null : moment.key)}
        />
      ))}
    </ol>
  );
}

const COLOURS: Record<string, string> = {
  completed: 'var(--status-completed)',
  running: 'var(--status-running)',
  failed: 'var(--status-failed)',
};

function Line(props: {
  moment: Moment;
  from: number;
  to: number;
  current: number;
  open: boolean;
  onOpen: () => void;
}) {
  const { moment, from, to, current, open, onOpen } = props;
  const begin = Date.parse(moment.at);
  const end = moment.until ? Date.parse(moment.until) : moment.until === null ? current : begin;
  const scale = (time: number) => ((time - from) / (to - from)) * 100;
  const unfolds = moment.kind === 'attempt' || moment.kind === 'delivery';
  const bar = {
    left: `${scale(begin)}%`,
    width: `max(2px, ${scale(end) - scale(begin)}%)`,
    background: COLOURS[moment.outcome ?? ''] ?? 'var(--dim)',
  };
  return (
    <li className={classes.line}>
      <span className={classes.at}>
        <TimeText at={moment.at} exact />
      </span>
      <span className={classes.words}>
        {unfolds ? (
          <button type="button" className={classes.toggle} aria-expanded={open} onClick={onOpen}>
            <Words moment={moment} />
          </button>
        ) : (
          <Words moment={moment} />
        )}
        {moment.delivery && <RedeliverButton delivery={moment.delivery} />}
      </span>
      <span className={classes.track} aria-hidden>
        {moment.kind !== 'end' && (
          <span className={classes.bar} data-kind={moment.kind} style={bar} />
        )}
      </span>
      <span className={classes.length}>
        {moment.until === null ? (
          <Since from={moment.at} />
        ) : moment.until ? (
          <Duration ms={end - begin} />
        ) : null}
      </span>
      {open && (
        <div className={classes.more}>
          {moment.attempt && <AttemptMore moment={moment} />}
          {moment.delivery && <DeliveryDetail deliveryId={moment.delivery.id} />}
        </div>
      )}
    </li>
  );
}

function Words({ moment }: { moment: Moment }) {
  if (moment.kind === 'end' && isStatus(moment.words)) {
    return <strong>{STATUS_LOOK[moment.words].word}</strong>;
  }
  const { attempt, delivery } = moment;
  return (
    <>
      {moment.words}
      {attempt && `: ${outcomeWords(attempt.outcome)}`}
      {attempt?.httpStatus ? ` (${attempt.httpStatus})` : ''}
      {delivery && <DeliveryWords delivery={delivery} />}
    </>
  );
}

function DeliveryWords({ delivery }: { delivery: WebhookDelivery }) {
  const endpoints = useEndpoints().data;
  return (
    <>
      {' '}
      to <bdi>{endpoints ? receiverOf(delivery, endpoints) : '…'}</bdi>:{' '}
      {deliveryWord(delivery).toLowerCase()}
      {delivery.nextAttemptAt && delivery.attempts > 0 && (
        <>
          , next <TimeText at={delivery.nextAttemptAt} />
        </>
      )}
    </>
  );
}

function AttemptMore({ moment }: { moment: Moment }) {
  const { attempt } = moment;
  if (!attempt) return null;
  return (
    <div className="card">
      <div>
        Attempt {attempt.number} {outcomeWords(attempt.outcome)}
        {statusToTell(attempt) ? `, answered ${attempt.httpStatus}` : ''}
        {attempt.worker && (
          <>
            , by worker <bdi>{attempt.worker}</bdi>
          </>
        )}
        .
      </div>
      {attempt.errorMessage && (
        <Code block className={classes.error}>
          <bdi>{attempt.errorMessage}</bdi>
        </Code>
      )}
    </div>
  );
}
