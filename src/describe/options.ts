import { ArgumentType } from "hardhat/types/arguments";
import type { NewTaskDefinitionBuilder, TaskArguments } from "hardhat/types/tasks";

/** The builder of a task with these options as well. */
export type WithTexts<
  Arguments extends TaskArguments,
  Names extends string,
> = NewTaskDefinitionBuilder<Record<Names, string | undefined> & Arguments>;

/** An option with a value, which may be left out: the task then gets `undefined`. */
export function withText<Arguments extends TaskArguments, Name extends string>(
  builder: NewTaskDefinitionBuilder<Arguments>,
  name: Name,
  description: string,
): WithTexts<Arguments, Name> {
  return builder.addOption({
    name,
    description,
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  });
}

/**
 * The options of whatever makes a plan and performs it.
 * @param whose name is typed before anything live is changed: "the network's name".
 * @param rehearsal what `--rehearse` does.
 */
export function planning<Arguments extends TaskArguments>(
  builder: NewTaskDefinitionBuilder<Arguments>,
  whose: string,
  rehearsal: string,
) {
  const withPlan = withText(builder, "plan", "Perform the plan in this file instead of making one");
  return withText(withPlan, "savePlan", "Write the plan to this file")
    .addFlag({ name: "yes", description: `Do not ask for ${whose} to be typed` })
    .addFlag({ name: "dryRun", description: "Show the plan and stop" })
    .addFlag({ name: "rehearse", description: rehearsal })
    .addFlag(JSON_FLAG);
}

/** Every task has it. */
export const JSON_FLAG = {
  name: "json",
  description: "Print one JSON document and nothing else",
} as const;
