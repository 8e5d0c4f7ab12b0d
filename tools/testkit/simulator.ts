// The provider's simulator, as the edge tests reach it.
export { createSimulatorApp, startSimulator } from "../simulator/simulator.ts";
export { gmtCreateOf, TRACEABLE_SHAPES, voiceIdOf } from "../simulator/voice_id_shapes.ts";
