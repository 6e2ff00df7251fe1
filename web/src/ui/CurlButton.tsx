import { Button, Code, Popover, Stack, Text } from '@mantine/core';
import { CopyButton } from './CopyButton';
import { type CurlCall, curlText } from './curl';

// The same as a `curl` line.
export function CurlButton({ call }: { call: CurlCall }) {
  const text = curlText(call);
  return (
    <Popover width={520} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs">
          curl
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Text size="xs" c="dimmed">
            BELFRY is the scheduler's address, TOKEN what POST /api/v1/auth/token gave.
          </Text>
          <Code block tabIndex={0}>
            {text}
          </Code>
          <CopyButton text={text} label="Copy" words="Copy" />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
