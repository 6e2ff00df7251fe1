import { Button, Popover } from '@mantine/core';
import { useState } from 'react';
import { CurlText } from './CurlText';
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
        <CurlText text={text} />
      </Popover.Dropdown>
    </Popover>
  );
}
