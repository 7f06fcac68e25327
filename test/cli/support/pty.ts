/** A command at a real terminal: a pseudo-terminal of the system, with a user who types when asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Opens the terminal, waits for each text and types the answer, and prints what was shown and how it ended. */
const PYTHON = `
import json, os, pty, select, sys, termios, time
task = json.load(sys.stdin)
pid, fd = pty.fork()
if pid == 0:
    os.execvpe(task["argv"][0], task["argv"], task["env"])
shown, steps, deadline = b"", list(task["steps"]), time.time() + 60
seen = 0
while time.time() < deadline:
    ready, _, _ = select.select([fd], [], [], 0.1)
    if ready:
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    while steps and steps[0][0].encode() in shown[seen:]:
        seen = shown.index(steps[0][0].encode(), seen) + len(steps[0][0].encode())
        time.sleep(0.1)
        os.write(fd, steps.pop(0)[1].encode())
echo = bool(termios.tcgetattr(fd)[3] & termios.ECHO)
_, status = os.waitpid(pid, 0)
print(json.dumps({"shown": shown.decode(), "code": os.waitstatus_to_exitcode(status), "echo": echo}))
`;

export interface Session {
  /** Everything that the terminal showed. */
  readonly shown: string;
  readonly code: number;
  /** Whether the terminal shows what is typed after the command has ended. */
  readonly echo: boolean;
}

/** `steps`: a text that the command shows, and what is typed then. Needs Python 3.9: `apt-get install python3`. */
export async function atTerminal(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  steps: readonly (readonly [shown: string, typed: string])[],
): Promise<Session> {
  const child = spawn('python3', ['-c', PYTHON], { stdio: ['pipe', 'pipe', 'inherit'] });
  const missing = once(child, 'error').then(([{ message }]) => {
    throw new Error(`python3 cannot be started (${message}): apt-get install python3`);
  });
  child.stdin.on('error', () => undefined).end(JSON.stringify({ argv, env, steps }));
  return JSON.parse(await Promise.race([text(child.stdout), missing]));
}
