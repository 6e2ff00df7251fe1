import { Button, Code, Popover, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { CopyButton } from './CopyButton';
import { type CurlCall, curlText } from './curl';
import { usePageKeys } from './page_keys';

// The same as a `curl` line. The page's first has the shortcut `u`.
export function CurlButton({ call, shortcut = false }: { call: CurlCall; shortcut?: boolean }) {
  const text = curlText(call);
  const [opened, setOpened] = useState(false);
  usePageKeys(shortcut ? { u: () => setOpened(true) } : {});
  return (
    <Popover
      width={520}
      position="bottom-end"
      shadow="md"
      trapFocus
      returnFocus
      opened={opened}
      onChange={setOpened}
    >
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => setOpened(!opened)}>
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
