import { Alert, Button, Group, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { IconAlertTriangle } from '../theme/icons';
import { CurlText } from './CurlText';
import { type CurlCall, curlText } from './curl';

// What stands where rows would be. A failure never looks like an empty list.

// Rows of their true height, after 150 ms: a quick answer shows no flash.
export function SkeletonRows({ rows = 8, height = 36 }: { rows?: number; height?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  const keys = Array.from({ length: rows }, (_, i) => `row-${i}`);
  return (
    <div aria-busy="true" style={{ minHeight: rows * height }}>
      {shown && keys.map((key) => <Skeleton key={key} height={height - 10} my={5} radius="sm" />)}
      <VisuallyHidden>Loading</VisuallyHidden>
    </div>
  );
}

// Nothing yet: one sentence, one button, one call.
export function NoneYet({
  sentence,
  action,
  curl,
}: {
  sentence: string;
  action?: ReactNode;
  curl?: CurlCall;
}) {
  return (
    <Stack align="center" py={48} gap="sm">
      <Text>{sentence}</Text>
      {action}
      {curl && <CurlText text={curlText(curl)} />}
    </Stack>
  );
}

export function NoneMatch({ onClear }: { onClear: () => void }) {
  return (
    <Stack align="center" py={48} gap="sm">
      <Text>Nothing matches these filters.</Text>
      <Button variant="default" onClick={onClear}>
        Clear filters
      </Button>
    </Stack>
  );
}

export interface Failure {
  what: string;
  detail: string;
  type?: string;
  requestId?: string;
  // It may pass by itself: nobody answered, or asked for patience.
  passing?: boolean;
  retryAfterSeconds?: number | null;
}
// Where the answer does not say when to come again.
const AGAIN_AFTER_S = 10;

// Counts down to the next try, and on to the one after it, for as long as the failure is shown.
function NextTry({ seconds, onRetry }: { seconds: number; onRetry: () => void }) {
  const [due, setDue] = useState(() => Date.now() + seconds * 1_000);
  const [left, setLeft] = useState(seconds);
  const retry = useRef(onRetry);
  retry.current = onRetry;
  useEffect(() => {
    const timer = setInterval(() => {
      const rest = Math.ceil((due - Date.now()) / 1_000);
      setLeft(Math.max(0, rest));
      if (rest > 0) return;
      setDue(Date.now() + seconds * 1_000);
      retry.current();
    }, 500);
    return () => clearInterval(timer);
  }, [due, seconds]);
  return <span className="num">next try in {left} s</span>;
}

// What a person who is asked for help wants to know.
function Details({ failure }: { failure: Failure }) {
  if (!failure.type && !failure.requestId) return null;
  return (
    <details>
      <summary>Details</summary>
      {failure.type && <div className="mono">{failure.type}</div>}
      {failure.requestId && (
        <div>
          Request <span className="mono">{failure.requestId}</span>
        </div>
      )}
    </details>
  );
}

// The first read failed: what, why, and again; by itself if it may pass.
export function FailedFirst({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  return (
    <Alert
      color="red"
      variant="outline"
      icon={<IconAlertTriangle />}
      title={failure.what}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text>{failure.detail}</Text>
        <Details failure={failure} />
        <Group gap="sm">
          <Button variant="default" onClick={onRetry}>
            Try again
          </Button>
          {failure.passing && (
            <Text size="sm" aria-live="off">
              <NextTry seconds={failure.retryAfterSeconds ?? AGAIN_AFTER_S} onRetry={onRetry} />
            </Text>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

// A later read failed: the rows stay, a band says so, and it is tried again by itself.
export function FailedLater({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  return (
    <Group className="card" role="status" justify="space-between" my="xs" py={6}>
      <div>
        <Text size="sm">
          Could not refresh: {failure.detail || failure.what} What is shown is older,{' '}
          <span aria-live="off">
            <NextTry seconds={failure.retryAfterSeconds ?? AGAIN_AFTER_S} onRetry={onRetry} />
          </span>
          .
        </Text>
        <Details failure={failure} />
      </div>
      <Button variant="default" size="xs" onClick={onRetry}>
        Now
      </Button>
    </Group>
  );
}

export function NotFound({ sentence }: { sentence?: string }) {
  return (
    <Stack align="center" py={64} gap="sm">
      <h1>Not found</h1>
      <Text>
        {sentence ?? 'No such thing here. It may have been removed, or belong to another tenant.'}
      </Text>
    </Stack>
  );
}

export function Forbidden({ scope }: { scope: string }) {
  return (
    <Stack align="center" py={64} gap="sm">
      <h1>Not with this key</h1>
      <Text>
        This page needs the scope <span className="mono">{scope}</span>. Sign in with a key that has
        it, or have one made under API keys by somebody who holds it.
      </Text>
    </Stack>
  );
}
