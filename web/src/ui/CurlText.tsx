import { Code, Stack, Text } from '@mantine/core';
import { CopyButton } from './CopyButton';

// A call as `curl`, to be copied, with what its two variables are.
export function CurlText({ text }: { text: string }) {
  return (
    <Stack gap="xs" align="flex-start" maw="100%">
      <Text size="xs" c="dimmed">
        BELFRY is the scheduler's address, TOKEN what POST /api/v1/auth/token gave.
      </Text>
      <Code block tabIndex={0} maw="100%">
        {text}
      </Code>
      <CopyButton text={text} label="Copy" words="Copy curl" />
    </Stack>
  );
}
