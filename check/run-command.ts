/**
 * Runs a command's program to its exit code; 2 after an error. An error message is for the user: the stack trace is shown only for errors
 * of this program.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isUsage = String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
    const known = isUsage || (error instanceof Error && error.constructor !== TypeError && error.constructor !== ReferenceError);
    console.error(`error: ${known ? (error as Error).message : (error as Error)?.stack}`);
    process.exitCode = 2;
  }
}

/** Prints a text; returns the exit code that goes with it. */
export function say(text: string, status: number): number {
  console.log(text);
  return status;
}
