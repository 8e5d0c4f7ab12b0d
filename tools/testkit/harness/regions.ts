import { http } from "msw";
import { setupServer } from "msw/node";
import { refuseUnstubbed } from "./unstubbed.ts";

const HOSTS = { intl: "dashscope-intl.aliyuncs.com", cn: "dashscope.aliyuncs.com" } as const;

/** How a region answers a list. */
export type RegionAnswer = () => Response;

/** A region whose account holds so many voices. */
export const holding = (count: number): RegionAnswer => () =>
  Response.json({
    output: {
      page_index: 0,
      page_size: 1000,
      total_count: count,
      voice_list: Array.from({ length: count }, (_, index) => ({ voice: `voice-${index}` })),
    },
    usage: { count: 0 },
    request_id: "f0e1d2c3-list",
  });

/** A region that answers with this error. */
export const refusing = (status: number, code: string): RegionAnswer => () =>
  Response.json({ request_id: "f0e1d2c3-error", code, message: "internal detail of the provider" }, {
    status,
  });

/** A region that cannot be reached. */
export const away: RegionAnswer = () => Response.error();

/**
 * Stands in for the official hosts of both regions while `use` runs, and gives what was asked: `region action key`. A
 * region without an answer fails the test when it is asked, and so does anything else beyond this machine.
 */
export async function withRegions(
  answers: Partial<Record<keyof typeof HOSTS, RegionAnswer>>,
  use: () => Promise<void>,
): Promise<string[]> {
  const asked: string[] = [];
  const unexpected: string[] = [];
  const handlers = (["intl", "cn"] as const).map((region) =>
    http.post(`https://${HOSTS[region]}/api/v1/services/audio/tts/customization`, async ({ request }) => {
      const body: unknown = await request.json();
      const action = /"action":"(\w+)"/.exec(JSON.stringify(body))?.[1];
      asked.push(`${region} ${action} ${request.headers.get("authorization")?.replace("Bearer ", "")}`);
      const answer = answers[region];
      if (answer) return answer();
      unexpected.push(`region ${region} was asked`);
      return Response.error();
    })
  );
  const server = setupServer(...handlers);
  server.listen(refuseUnstubbed(unexpected));
  try {
    await use();
  } finally {
    server.close();
  }
  if (unexpected.length > 0) throw new Error(unexpected.join("; "));
  return asked;
}
