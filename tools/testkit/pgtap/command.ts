import { logToStderr, logToStdout, messageOf } from "../../stack/terminal.ts";
import { parseOptions, usage } from "./options.ts";
import { renderReport, renderSummary } from "./report.ts";
import { type Folders, testFilesIn, testNewProject, testUpgrades } from "./run.ts";
import { withServer } from "./server.ts";
import type { Report } from "./test_file.ts";

/**
 * What `npm run test:db` does with these arguments: runs the files, prints a line for each and all that failed, and gives
 * the exit code, 1 when anything failed. Once `stopped` has given its reason, the run ends with the file that is under way.
 */
export async function runTestDb(
  { args, folders, stopped, print = logToStdout, complain = logToStderr }: {
    args: string[];
    folders: Folders;
    stopped: Promise<string>;
    print?: (text: string) => void;
    complain?: (text: string) => void;
  },
): Promise<number> {
  let stopping: string | null = null;
  void stopped.then((reason) => stopping = reason);
  const started = performance.now();
  const reports: Report[] = [];
  const onReport = (report: Report) => {
    reports.push(report);
    print(renderReport(report));
    if (stopping !== null) throw new Error(`Stopped: ${stopping}.`);
  };
  try {
    const all = await testFilesIn(folders.tests);
    const asked = parseOptions(args, all);
    if (asked.help) {
      print(usage);
      return 0;
    }
    if (all.length === 0) throw new Error(`There are no files of tests in ${folders.tests}.`);
    await withServer(async (server) => {
      if (asked.names.length > 0) return await testNewProject(server, folders, { ...asked, onReport });
      await testNewProject(server, folders, { names: all, onReport });
      await testUpgrades(server, folders, { names: all, onReport });
    });
    print(`\n${renderSummary(reports, performance.now() - started)}`);
    return reports.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (error) {
    complain(messageOf(error));
    return 1;
  }
}
