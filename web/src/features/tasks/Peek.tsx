import { Anchor, Drawer, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { indented } from '../../api/raw_json';
import { type TaskSummary, useTask } from '../../api/tasks';
import { isStatus } from '../../theme/status';
import { JsonView } from '../../ui/JsonView';
import { SkeletonRows } from '../../ui/ListState';
import { StatusBadge } from '../../ui/StatusBadge';
import { TimeText } from '../../ui/TimeText';

// A task beside the list.
export function Peek({ task, onClose }: { task: TaskSummary | null; onClose: () => void }) {
  return (
    <Drawer
      opened={task !== null}
      onClose={onClose}
      position="right"
      size={520}
      title={<bdi>{task?.taskName}</bdi>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {task && <Content taskId={task.taskId} />}
    </Drawer>
  );
}

function Content({ taskId }: { taskId: string }) {
  const { data } = useTask(taskId);
  if (!data) return <SkeletonRows />;
  const { task } = data;
  return (
    <Stack gap="xs">
      {isStatus(task.status) && <StatusBadge status={task.status} />}
      <Text size="sm">
        Submitted <TimeText at={task.submittedAt} />, queue{' '}
        <span className="mono">{task.queue}</span>
      </Text>
      {task.errorMessage && (
        <Text size="sm">
          <bdi>{task.errorMessage}</bdi>
        </Text>
      )}
      {task.waiting && <Text size="sm">{task.waiting.detail}</Text>}
      <h3>Payload</h3>
      <JsonView text={indented(data.payload).slice(0, 65_536)} label="Payload" />
      <h3>Result</h3>
      <JsonView text={indented(data.result).slice(0, 65_536)} label="Result" />
      <Anchor component={Link} href={`/tasks/${taskId}`}>
        Open the task
      </Anchor>
    </Stack>
  );
}
