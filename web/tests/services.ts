import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BIN = process.env.BELFRY_BIN ?? '../build/dev/bin';

// A real service of its own, for tests that stop it or start it otherwise.
class Service {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
  ) {}

  static start(name: string, flags: string[]): Promise<Service> {
    const child = spawn(`${BIN}/belfry-${name}`, [...flags, '--log-level', 'warn'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`belfry-${name} ended with ${code}`)));
      createInterface({ input: child.stdout }).once('line', (line) =>
        resolve(new Service(child, line.replace('listening on ', ''))),
      );
    });
  }

  stop(): Promise<void> {
    if (this.child.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.kill('SIGTERM');
    });
  }
}

// A scheduler that can be stopped and started on the same data and port, and a dashboard before it.
export class Pair {
  private constructor(
    private readonly data: string,
    private scheduler: Service,
    private readonly dashboard: Service,
  ) {}

  static async start(dashboardFlags: string[] = []): Promise<Pair> {
    const data = await mkdtemp(join(tmpdir(), 'belfry-'));
    const scheduler = await Pair.startScheduler(data, await lastingAddress());
    const dashboard = await Service.start('dashboard', [
      ...['--listen', '127.0.0.1:0', '--scheduler', scheduler.address],
      ...dashboardFlags,
    ]);
    return new Pair(data, scheduler, dashboard);
  }
  private static startScheduler(data: string, listen: string): Promise<Service> {
    const flags = ['--listen', listen, '--operators-listen', 'off', '--data', data];
    return Service.start('scheduler', [...flags, '--default-target', 'echo']);
  }

  get api(): string {
    return this.scheduler.address;
  }
  get page(): string {
    return this.dashboard.address;
  }
  stopScheduler(): Promise<void> {
    return this.scheduler.stop();
  }
  async startScheduler(): Promise<void> {
    this.scheduler = await Pair.startScheduler(this.data, new URL(this.api).host);
  }
  async end(): Promise<void> {
    await this.dashboard.stop();
    await this.scheduler.stop();
    await rm(this.data, { recursive: true });
  }
}

// A plain reverse proxy, as one that ends TLS: it passes everything on, under another Host.
export async function proxyTo(target: string): Promise<{ address: string; end: () => void }> {
  const server: Server = createServer((incoming, outgoing) => {
    const onward = request(
      new URL(incoming.url ?? '/', target),
      { method: incoming.method ?? 'GET', headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  const address = await listening(server);
  return {
    address,
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface Heard {
  path: string;
  id: string;
  body: string;
}

// A receiver of webhooks that answers as told, and keeps what it heard.
export async function receiver(): Promise<{
  url: string;
  heard: Heard[];
  answer: (status: number, text: string) => void;
  end: () => void;
}> {
  const heard: Heard[] = [];
  let status = 200;
  let text = 'thank you';
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (part) => {
      body += String(part);
    });
    incoming.on('end', () => {
      heard.push({ path: incoming.url ?? '', id: String(incoming.headers['webhook-id']), body });
      outgoing.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
    });
  });
  return {
    url: `${await listening(server)}/hook`,
    heard,
    answer: (nextStatus, nextText) => {
      status = nextStatus;
      text = nextText;
    },
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

// A free address below the ports that the kernel gives to whoever asks for any (32768 and above), so
// that it is still free when a stopped service listens on it again.
async function lastingAddress(): Promise<string> {
  for (;;) {
    const probe = createServer();
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const address = await listening(probe, port).catch(() => null);
    if (address === null) continue;
    await new Promise((resolve) => probe.close(resolve));
    return new URL(address).host;
  }
}

async function listening(server: Server, port = 0): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${at.port}`;
}
