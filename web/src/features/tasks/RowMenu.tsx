import { ActionIcon, Menu } from '@mantine/core';
import { useLocation } from 'wouter';
import type { TaskSummary } from '../../api/tasks';
import { IconDots } from '../../theme/icons';
import { isFinished, isStatus } from '../../theme/status';
import type { Filters } from './filters';
import type { Steering } from './Steering';

// What can be done with one row.
export function RowMenu({
  task,
  onFilter,
  onSelect,
  steering,
}: {
  task: TaskSummary;
  onFilter: (change: Partial<Filters>) => void;
  onSelect: () => void;
  steering: Steering;
}) {
  const [, navigate] = useLocation();
  const finished = isStatus(task.status) && isFinished(task.status);
  const aim = { ids: [task.taskId] };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={26}
          aria-label={`More for ${task.taskName} ${task.taskId}`}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!finished} onClick={() => steering.ask('retry', aim)}>
          Retry…
        </Menu.Item>
        <Menu.Item disabled={finished} onClick={() => steering.ask('cancel', aim)}>
          Cancel…
        </Menu.Item>
        <Menu.Item onClick={() => navigate(`/submit?from=${task.taskId}`)}>Clone</Menu.Item>
        <Menu.Item onClick={onSelect}>Select</Menu.Item>
        <Menu.Item onClick={() => void navigator.clipboard.writeText(task.taskId)}>
          Copy id
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => onFilter({ name: [task.taskName] })}>
          Only «{task.taskName}»
        </Menu.Item>
        <Menu.Item onClick={() => onFilter({ queue: [task.queue] })}>
          Only queue {task.queue}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
