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
