import { join } from "node:path";
import { emptyDataFolder, StackError, stopLeftoverFunction, takeDataFolder } from "./data_folder.ts";
import {
  chooseProvider,
  type Environment,
  functionEnvironment,
  SIMULATOR_KEY,
} from "./function/function_environment.ts";
import { startFunctionProcess } from "./function/function_process.ts";
import { createFunctionProxy } from "./function/function_proxy.ts";
import { type Keys, loadKeys } from "./keys.ts";
import type { Log } from "./terminal.ts";
import { createRoles, grantSchemaRights, openDatabase } from "./postgres/project_database.ts";
import { applyMigrations } from "./postgres/migrations.ts";
import { type PostgresOptions, startPostgres, stopLeftoverPostgres, superuser } from "./postgres/postgres.ts";
import { findPostgresPackage, preparePostgresBinaries } from "./postgres/postgres_binaries.ts";
import { postgresUser, preparePostgresHome } from "./postgres/postgres_home.ts";
import { removeStack, type StackRecord, writeStack } from "./stack_record.ts";
import { createAuthWire } from "./supabase/auth_wire.ts";
import { type Intercept, type Services, startGateway } from "./supabase/gateway.ts";
import { type LastingSupabase, startLastingSupabase } from "./supabase/lasting_supabase.ts";
import { createObjectStore } from "./supabase/object_store.ts";
import { createRestWire } from "./supabase/rest_wire.ts";
import { createStorageWire } from "./supabase/storage_wire.ts";
import { startSupabaseLite } from "./supabase/supabase_lite.ts";

/** A running stack. */
export type Stack = {
  record: StackRecord;
  /**
   * Starts the function again with these variables over those it has, as `supabase secrets set` does, and resolves once
   * it answers; everything else goes on as it is. Rejects with a `StackError` where the stack has no function.
   */
  reconfigure(changes: Environment): Promise<void>;
  /** Stops the gateway, the function, the simulator and the database, in this order. */
  stop(): Promise<void>;
};

/** How to start a stack. */
export type StackOptions = {
  /** The repository's folder. */
  root: string;
  /** Where everything is kept; made when it is not there. */
  dataDir: string;
  /** Port of the gateway on 127.0.0.1; 0 takes any free one. */
  port: number;
  /** Throws away what the data folder holds. */
  fresh?: boolean;
  /** Variables for the function, and for the choice of the provider; see `.env.example`. */
  environment: Environment;
  /** The function's file; null leaves the function out. */
  entrypoint: string | null;
  /** The binary of the Deno that the function runs on; the platform's by default. */
  deno?: string;
  /** Pauses before the function is started again each time it ended, in milliseconds; growing ones by default. */
  functionRestartDelaysMs?: readonly number[];
  /** Takes what happens to the stack, line by line. */
  log: Log;
  /** Takes what the function writes, line by line. */
  functionLog?: Log;
  /** Sees every request at the gateway first. */
  intercept?: Intercept;
};

const fileSizeLimit = { text: "10MiB", bytes: 10 * 1024 * 1024 };
/** How long a request waits for a function that restarts, in milliseconds. */
const functionPatienceMs = 5_000;

/**
 * Brings up the embedded Supabase with the function behind one gateway and resolves when all of it answers. What an earlier,
 * killed stack left running on the data folder is stopped first. Throws a `StackError` with a sentence for the person when
 * the folder or the port is in use; whatever was started by then is stopped again.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { root, environment, entrypoint, intercept, log } = options;
  await using parts = new AsyncDisposableStack();

  const folder = await takeDataFolder(options.dataDir);
  parts.defer(() => folder.release());
  const { path: dataDir, processes } = folder;
  await removeStack(dataDir);
  await stopLeftoverFunction(processes, log);
  if (options.fresh) {
    await stopLeftoverPostgres(join(dataDir, "postgres"), log);
    await emptyDataFolder(folder);
  }
  await processes.add("stack", Deno.pid);

  const keys = await loadKeys(dataDir);
  let services: Services | null = null;
  const gateway = startGateway({ port: options.port, keys, services: () => services, intercept, log });
  parts.defer(() => gateway.stop());
  const supabaseUrl = `http://127.0.0.1:${gateway.port}`;

  let lasting: LastingSupabase | null = null;
  const postgres = await startDatabase(dataDir, keys, {
    processes,
    log,
    onLost: () => lasting?.lose(),
    onBack: () => lasting?.renew(),
  });
  parts.defer(() => postgres.stop());
  const database = openDatabase(postgres.url(superuser));
  parts.defer(() => database.end({ timeout: 1 }));
  await createRoles(database, keys.databasePassword);
  const objects = createObjectStore(join(dataDir, "objects"));
  const databaseUrl = postgres.url(superuser);
  const start = () => startSupabaseLite({ databaseUrl, keys, objects, fileSizeLimit: fileSizeLimit.text });
  const lite = lasting = await startLastingSupabase({ start, log });
  parts.defer(() => lite.close());
  await grantSchemaRights(database);
  const ownerUrl = postgres.url("postgres");
  const migrations = join(root, "supabase", "migrations");
  for (const file of await applyMigrations({ databaseUrl: ownerUrl, folder: migrations })) {
    log(`Applied ${file}.`);
  }

  const simulator = chooseProvider(environment).simulate ? await startSimulator(dataDir, log) : null;
  if (simulator) parts.defer(() => simulator.stop());

  const { fetch: embedded } = lite;
  const supabase = {
    auth: createAuthWire({ embedded, database, keys, issuer: `${supabaseUrl}/auth/v1` }),
    rest: createRestWire({ embedded }),
    storage: createStorageWire({ embedded, database, objects, keys, sizeLimit: fileSizeLimit.bytes }),
  };
  services = { ...supabase, functions: null };
  let reconfigure: Stack["reconfigure"] = () =>
    Promise.reject(new StackError("This stack runs without the function."));
  if (entrypoint !== null) {
    let variables = environment;
    const ofFunction = () =>
      functionEnvironment({
        environment: variables,
        supabaseUrl,
        publishableKey: keys.publishableKey,
        secretKey: keys.secretKey,
        simulator: simulator ? { url: simulator.url, apiKey: SIMULATOR_KEY } : null,
      });
    const edge = startFunctionProcess({
      deno: options.deno,
      root,
      entrypoint,
      environment: ofFunction(),
      processes,
      restartDelaysMs: options.functionRestartDelaysMs,
      log: options.functionLog ?? log,
    });
    parts.defer(() => edge.stop());
    const proxy = createFunctionProxy({ port: edge.port, patienceMs: functionPatienceMs });
    services = { ...supabase, functions: proxy };
    const untilAnswering = async () => {
      const health = await proxy(new Request(`${supabaseUrl}/functions/v1/api/health`));
      if (!health.ok) log(`The function's health check answers ${health.status}; its output is below.`);
      await health.body?.cancel();
    };
    await untilAnswering();
    reconfigure = async (changes) => {
      variables = { ...variables, ...changes };
      edge.restart(ofFunction());
      await untilAnswering();
    };
  }

  const record: StackRecord = {
    api_url: `${supabaseUrl}/functions/v1/api`,
    supabase_url: supabaseUrl,
    publishable_key: keys.publishableKey,
    secret_key: keys.secretKey,
    simulator_url: simulator?.url ?? chooseProvider(environment).standIn,
    database_url: ownerUrl,
    pid: Deno.pid,
  };
  await writeStack(dataDir, record);
  parts.defer(() => removeStack(dataDir));
  // What still answers may not lose what stands behind it, so the gateway stops first.
  parts.defer(() => gateway.stop());
  const running = parts.move();
  return { record, reconfigure, stop: () => running.disposeAsync() };
}

async function startDatabase(
  dataDir: string,
  keys: Keys,
  supervision: Pick<PostgresOptions, "processes" | "log" | "onLost" | "onBack">,
) {
  const runAs = await postgresUser();
  const home = await preparePostgresHome(dataDir, runAs);
  const binaries = await preparePostgresBinaries({ packageFolder: findPostgresPackage(), home, runAs });
  const serverLogFile = join(dataDir, "postgres.log");
  await Deno.writeTextFile(serverLogFile, "", { mode: 0o600 });
  const serverLog = (line: string) => Deno.writeTextFileSync(serverLogFile, `${line}\n`, { append: true });
  const password = keys.databasePassword;
  return await startPostgres({ binaries, home, runAs, password, serverLog, ...supervision });
}

async function startSimulator(dataDir: string, log: Log) {
  const { startSimulator } = await import("../simulator/simulator.ts");
  return await startSimulator({ apiKey: SIMULATOR_KEY, stateFile: join(dataDir, "simulator.json"), log });
}
