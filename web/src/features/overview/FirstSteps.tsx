import { Code } from '@mantine/core';
import { Link } from 'wouter';
import { useMay } from '../../api/session_context';
import { useEndpoints } from '../../api/webhooks';
import { curlText } from '../../ui/curl';
import classes from './Overview.module.css';

// What to do while there is no task at all; each step is ticked by what the server knows.
export function FirstSteps() {
  const endpoints = useEndpoints(useMay('manage'));
  const hasEndpoint = (endpoints.data?.length ?? 0) > 0;
  const steps = [
    {
      title: 'Submit a task',
      done: false,
      words: <Link href="/submit?first=1">Submit your first task</Link>,
      curl: curlText({
        method: 'POST',
        path: '/api/v1/tasks',
        body: '{"taskName":"hello","payload":{"to":"world"},"target":{"type":"echo"}}',
      }),
    },
    {
      title: 'Watch it run',
      done: false,
      words: (
        <>
          It opens by itself, live; all of them stand under <Link href="/tasks">Tasks</Link>.
        </>
      ),
      curl: curlText({ method: 'GET', path: '/api/v1/tasks' }),
    },
    {
      title: 'Connect a handler or a worker',
      done: false,
      words: <>Name your handler’s address as the target, or let workers ask for tasks.</>,
      curl: curlText({ method: 'POST', path: '/api/v1/leases', body: '{"max":10,"waitMs":20000}' }),
    },
    {
      title: 'Be told when it is done',
      done: hasEndpoint,
      words: <Link href="/webhooks">Add a webhook</Link>,
      curl: curlText({
        method: 'POST',
        path: '/api/v1/webhooks',
        body: '{"url":"https://example.com/hook"}',
      }),
    },
  ];
  return (
    <ol className={classes.steps}>
      {steps.map((step) => (
        <li key={step.title} className="card">
          <h2>
            {step.done ? '✓ ' : ''}
            {step.title}
          </h2>
          <p>{step.words}</p>
          <Code block tabIndex={0}>
            {step.curl}
          </Code>
        </li>
      ))}
    </ol>
  );
}
