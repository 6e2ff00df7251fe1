import { Button, Checkbox, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { CopyButton } from './CopyButton';

// A secret that is shown once: the dialog goes only after it is said to be stored.
export function SecretOnce({
  title,
  words,
  secret,
  onStored,
  children,
}: {
  title: string;
  words: string;
  secret: string | null;
  onStored: () => void;
  children?: ReactNode;
}) {
  const [stored, setStored] = useState(false);
  return (
    <Modal
      opened={secret !== null}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={title}
      size="lg"
    >
      <Stack gap="sm">
        <Text size="sm">{words} It is shown once and cannot be read again.</Text>
        <Group wrap="nowrap" align="flex-start">
          <Code block flex={1} miw={0} tabIndex={0} data-testid="secret">
            {secret}
          </Code>
          <CopyButton text={secret ?? ''} label="Copy" words="Copy" />
        </Group>
        {children}
        <Checkbox
          label="I have stored it"
          checked={stored}
          onChange={(event) => setStored(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button
            disabled={!stored}
            onClick={() => {
              setStored(false);
              onStored();
            }}
          >
            Continue
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
