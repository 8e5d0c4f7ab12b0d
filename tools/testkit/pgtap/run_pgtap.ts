import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { logToStderr, logToStdout, messageOf } from "../../stack/terminal.ts";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { applyMigrations } from "../../stack/postgres/migrations.ts";
import { type Server, withServer } from "./pgtap_server.ts";
import { newProject, olderFlow } from "./projects_before.ts";
import { type Report, runTestFile } from "./test_file.ts";
import { testUpgrade } from "./upgrade.ts";

/** The folders of the migrations, of the pgTAP files, and of the rows to insert after a migration. */
export type Folders = { migrations: string; tests: string; rows: string };

const usage = `Runs the database tests: pgTAP, on a PostgreSQL of their own.

  npm run test:db                   all of supabase/tests/database, on a new project and on projects with the older
                                    flow, whose migrations are applied one by one over rows
  npm run test:db -- FILE [FILE…]   these files, on a new project

Exits with 0 if every test passes and as many run as planned, and with 1 otherwise.`;

/**
 * `npm run test:db` with these arguments: runs the files, prints a line for each and all that failed, and returns the exit
 * code. Once `stopped` resolves with a reason, the run ends after the current file.
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
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h", default: false } },
    });
    if (values.help) {
      print(usage);
      return 0;
    }
    const all = [...Deno.readDirSync(folders.tests)].map(({ name }) => name)
      .filter((name) => name.endsWith(".test.sql")).sort();
    const names = positionals.map((path) => basename(path));
    const unknown = names.find((name) => !all.includes(name));
    if (unknown) throw new Error(`There is no file ${unknown}. There are: ${all.join(", ")}.`);
    if (all.length === 0) throw new Error(`There are no files of tests in ${folders.tests}.`);
    await withServer(async (server) => {
      await testNewProject(server, folders, names.length > 0 ? names : all, onReport);
      if (names.length === 0) await testUpgrades(server, folders, all, onReport);
    });
    print(`\n${renderSummary(reports, performance.now() - started)}`);
    return reports.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (error) {
    complain(messageOf(error));
    return 1;
  }
}

/** Runs the named files on a project with all migrations. */
export async function testNewProject(
  server: Server,
  { migrations, tests }: Folders,
  names: readonly string[],
  onReport: (report: Report) => void,
): Promise<void> {
  const databaseUrl = await server.createProject("fresh");
  await applyMigrations({ databaseUrl, folder: migrations });
  for (const name of names) onReport(await runTestFile(databaseUrl, join(tests, name)));
}

/**
 * Applies each migration to projects with rows from before it: a new one, and one with the older flow, whose table has a
 * foreign key or none. Then runs the files there too, but for those that fill tables to see how much is read.
 */
export async function testUpgrades(
  server: Server,
  { migrations, tests, rows }: Folders,
  names: readonly string[],
  onReport: (report: Report) => void,
): Promise<void> {
  const projects = {
    new_project: newProject,
    older_flow: olderFlow("references auth.users (id) on delete cascade"),
    older_flow_without_key: `${olderFlow("")}
      insert into public.voices (user_id, name) values (gen_random_uuid(), 'of a user long gone');`,
  };
  for (const [project, before] of Object.entries(projects)) {
    const databaseUrl = await server.createProject(project);
    onReport(await testUpgrade({ name: `migrations, ${project}`, databaseUrl, migrations, rows, before }));
    // A table of the project itself; the tests list ours.
    const database = openDatabase(databaseUrl);
    await database`drop table if exists private.settings`;
    await database.end({ timeout: 1 });
    const sum: Report = { name: `files, ${project}`, tests: 0, ms: 0, problems: [] };
    for (const name of names.filter((name) => !/_(plan|reads)\.test\.sql$/.test(name))) {
      const report = await runTestFile(databaseUrl, join(tests, name));
      sum.tests += report.tests;
      sum.ms += report.ms;
      sum.problems.push(...report.problems.map((problem) => `${name}: ${problem}`));
    }
    onReport(sum);
  }
}

const countTests = (count: number) => `${count} test${count === 1 ? "" : "s"}`;

function renderReport({ name, tests, ms, problems }: Report): string {
  const mark = problems.length === 0 ? "ok    " : "failed";
  const [count, time] = [countTests(tests).padStart(9), ms.toFixed(0).padStart(6)];
  const line = `${mark} ${name.padEnd(44)} ${count} ${time} ms`;
  return [line, ...problems.map((problem) => problem.replace(/^/gm, "         "))].join("\n");
}

function renderSummary(reports: readonly Report[], ms: number): string {
  const failed = reports.filter(({ problems }) => problems.length > 0).length;
  const took = `${countTests(reports.reduce((sum, { tests }) => sum + tests, 0))} in ${
    (ms / 1_000).toFixed(1)
  } s`;
  return failed === 0 ? `${took}, all passed.` : `${took}; ${failed} of ${reports.length} reports failed.`;
}
