import { Button, Group, Modal, Text } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { keepSession } from '../api/session';
import { useSession } from '../api/session_context';
import { useNow } from '../ui/clock';
import { now } from '../ui/time';

const WARN_MS = 60_000;
const KEEP_EVERY_MS = 60_000;
const SIGNS_OF_LIFE = ['pointerdown', 'keydown', 'wheel'] as const;

// Keeps the session while somebody is at work, warns a minute before it ends.
export function IdleWatch({ onEnded }: { onEnded: () => void }) {
  const { session } = useSession();
  const [idleAt, setIdleAt] = useState(Date.parse(session.idleAt));
  const keptAt = useRef(now());
  const current = useNow(idleAt - now() < 2 * WARN_MS);
  useEffect(() => setIdleAt(Date.parse(session.idleAt)), [session.idleAt]);

  const keep = useCallback(async () => {
    keptAt.current = now();
    try {
      const renewed = await keepSession();
      if (renewed.signedIn) setIdleAt(Date.parse(renewed.idleAt));
      else onEnded();
    } catch {
      // Unreachable: the next act tries again. Ended: the call has told so already.
    }
  }, [onEnded]);

  useEffect(() => {
    const onActivity = () => {
      if (now() - keptAt.current >= KEEP_EVERY_MS) void keep();
    };
    for (const kind of SIGNS_OF_LIFE) addEventListener(kind, onActivity, { passive: true });
    return () => {
      for (const kind of SIGNS_OF_LIFE) removeEventListener(kind, onActivity);
    };
  }, [keep]);

  const left = idleAt - current;
  useEffect(() => {
    if (left <= 0) onEnded();
  }, [left, onEnded]);
  return (
    <Modal opened={left > 0 && left < WARN_MS} onClose={() => void keep()} title="Still there?">
      <Text>You will be signed out in {Math.max(1, Math.ceil(left / 1_000))} s.</Text>
      <Group justify="flex-end" mt="md">
        <Button data-autofocus onClick={() => void keep()}>
          Stay signed in
        </Button>
      </Group>
    </Modal>
  );
}
