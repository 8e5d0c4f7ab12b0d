/** One documented error: the statuses it comes with, the usual one first, and a message in the provider's manner. */
interface DocumentedError {
  readonly statuses: readonly [number, ...number[]];
  readonly message: string;
}

const unfetched = "Unable to download the media resource from the given URL.";
const slowDown = "Requests rate limit exceeded, please try again later.";
const unpaid = "Access denied, please make sure your account is in good standing.";
const theirs = "An internal error has occured, please try again later or contact service support.";

/** The message that tells a used-up account from a rate limit: both are `Throttling.AllocationQuota`. */
export const voiceLimitMessage = "Maximum voice storage limit exceeded";

const documented: ReadonlyMap<string, DocumentedError> = new Map(Object.entries<DocumentedError>({
  "Audio.PreprocessError": {
    statuses: [400],
    message: "Failed to preprocess the audio: no usable speech found.",
  },
  "Audio.DecoderError": { statuses: [400, 430], message: "Failed to decode the audio file." },
  "Audio.AudioRateError": { statuses: [400, 430], message: "The sample rate of the audio is too low." },
  "Audio.DurationLimitError": { statuses: [400], message: "The audio is longer than 60 seconds." },
  "Audio.AudioSilentError": { statuses: [400, 430], message: "The audio is silent." },
  "Audio.AudioShortError": { statuses: [400, 430], message: "The audio holds too little speech." },
  "Audio.FileSizeExceed": { statuses: [430, 400], message: "The audio file is too large." },
  "BadRequest.UnsupportedFileFormat": { statuses: [400, 430], message: "The file format is not supported." },
  "CustomRoleBlocked": { statuses: [400], message: "Input data may break a rule of the account." },
  "DataInspectionFailed": { statuses: [400], message: "Input data may contain inappropriate content." },
  "BadRequest.InputDownloadFailed": { statuses: [400], message: unfetched },
  "InvalidURL": { statuses: [400], message: "The request URL is invalid." },
  "InvalidURL.ConnectionRefused": { statuses: [400], message: "Connection to the given URL was refused." },
  "InvalidURL.Timeout": { statuses: [400], message: "Downloading from the given URL timed out." },
  "InvalidParameter.DataInspection": { statuses: [400], message: `${unfetched} (data inspection)` },
  "Arrearage": { statuses: [400], message: unpaid },
  "InvalidParameter": { statuses: [400], message: "Required parameter(s) missing or invalid." },
  "BadRequest.EmptyInput": { statuses: [400], message: "Required input parameter missing from request." },
  "BadRequest.EmptyParameters": { statuses: [400], message: "Required parameter missing from request." },
  "BadRequest.IllegalInput": {
    statuses: [400],
    message: "The input parameter does not meet the requirements.",
  },
  "BadRequest.TooLarge": { statuses: [400], message: "Payload too large." },
  "BadRequest.VoiceNotFound": { statuses: [400], message: "Voice not found." },
  "BadRequest.VoiceModelMismatch": { statuses: [400], message: "The voice is not supported by the model." },
  "InvalidParameter.ResourceNotExist": { statuses: [400], message: "The required resource does not exist." },
  "InvalidApiKey": { statuses: [401], message: "Invalid API-key provided." },
  "NOT AUTHORIZED": { statuses: [401], message: "Not authorized to access the requested model." },
  "AccessDenied": { statuses: [403], message: "Access denied." },
  "AccessDenied.Unpurchased": { statuses: [403], message: "Access to model denied: not activated." },
  "Model.AccessDenied": { statuses: [403], message: "Model access denied." },
  "Workspace.AccessDenied": { statuses: [403], message: "Workspace access denied." },
  "AllocationQuota.FreeTierOnly": {
    statuses: [403],
    message: "The free tier of the model has been exhausted.",
  },
  "ModelNotFound": { statuses: [404], message: "Model can not be found." },
  "WorkSpaceNotFound": { statuses: [404], message: "Workspace can not be found." },
  "Throttling": { statuses: [429], message: slowDown },
  "Throttling.RateQuota": { statuses: [429], message: slowDown },
  "Throttling.BurstRate": { statuses: [429], message: "Request rate increased too quickly." },
  "Throttling.AllocationQuota": { statuses: [429, 400], message: "Allocated quota exceeded." },
  "CommodityNotPurchased": { statuses: [429], message: "Commodity has not been purchased yet." },
  "PrepaidBillOverdue": { statuses: [429], message: "The prepaid bill is overdue." },
  "PostpaidBillOverdue": { statuses: [429], message: "The postpaid bill is overdue." },
  "InternalError": { statuses: [500, 503], message: theirs },
  "InternalError.Algo": { statuses: [500, 503], message: theirs },
  "SystemError": { statuses: [500, 503], message: "A system error has occured, please try again later." },
  "ModelServiceFailed": { statuses: [500, 503], message: "Failed to request model service." },
  "RequestTimeOut": { statuses: [500, 503], message: "Request timed out, please try again later." },
  "ModelServingError": {
    statuses: [503, 500],
    message: "Too many requests, the model serving is unavailable.",
  },
  "ModelUnavailable": { statuses: [503, 500], message: "The model is unavailable for serving requests now." },
}));

/** Every error code that voice enrollment and synthesis can meet (docs/qwen-api.md). */
export const documentedCodes: readonly string[] = [...documented.keys()];

/** The status a documented code comes with first, or undefined for a code nobody documented. */
export function documentedStatus(code: string): number | undefined {
  return documented.get(code)?.statuses[0];
}

/** A refusal as DashScope words it; rendered flat, `{ request_id, code, message }`. */
export class DashScopeError extends Error {
  override readonly name = "DashScopeError";
  readonly code: string;
  readonly status: number;

  /** Status and message default to the documented ones; a code nobody documented must bring its status, else RangeError. */
  constructor(code: string, options: { status?: number; message?: string } = {}) {
    const known = documented.get(code);
    const quota = code === "Throttling.AllocationQuota" && options.status === 400;
    super(options.message ?? (quota ? voiceLimitMessage : known?.message ?? code));
    const status = options.status ?? known?.statuses[0];
    if (status === undefined) throw new RangeError(`"${code}" is no documented code: give its status.`);
    this.code = code;
    this.status = status;
  }
}

/** The connection breaks here: no HTTP answer goes out. The listener destroys the socket when it meets this. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";

  constructor() {
    super("The simulator cut the connection.");
  }
}
