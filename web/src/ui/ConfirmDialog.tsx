import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';

export interface Question {
  // «Cancel 97 tasks?»
  title: string;
  body: ReactNode;
  // «Cancel 97 tasks»
  verb: string;
  // «Keep them»
  wayOut: string;
  // Typed before the verb works, where much is at stake.
  typed?: string;
  destructive?: boolean;
}

// Asks before something is done. The safe button has the focus; Escape keeps all as it was.
export function ConfirmDialog({
  question,
  busy = false,
  onAnswer,
}: {
  question: Question | null;
  busy?: boolean;
  onAnswer: (yes: boolean) => void;
}) {
  const [typed, setTyped] = useState('');
  const answer = (yes: boolean) => {
    setTyped('');
    onAnswer(yes);
  };
  return (
    <Modal
      opened={question !== null}
      onClose={() => answer(false)}
      title={question?.title ?? ''}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {question && (
        <Stack>
          <div>{question.body}</div>
          {question.typed !== undefined && (
            <TextInput
              label={`Type ${question.typed} to go on`}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={() => answer(false)}>
              {question.wayOut}
            </Button>
            <Button
              color={question.destructive ? 'red' : 'blue'}
              loading={busy}
              disabled={question.typed !== undefined && typed !== question.typed}
              onClick={() => answer(true)}
            >
              {question.verb}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
