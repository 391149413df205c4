import type { IndexerBook } from "../indexer.js";
import { WorkloadStep } from "../kubernetes/workload-step.js";
import type { Step } from "../../step.js";
import { configurationChange } from "./configuration-change.js";
import { consumersChange } from "./consumers-change.js";
import type { ConfigurationPlaces } from "./places.js";
import { snapshotChange } from "./snapshot-change.js";

/** `indexer-configuration`: ConfigMaps and Secrets as they were. */
export function configurationStep(indexers: IndexerBook, places: ConfigurationPlaces): Step {
  return new WorkloadStep(configurationChange(places), indexers);
}

/** `indexer-consumers`: what runs with another configuration than there is, restarted. */
export function consumersStep(indexers: IndexerBook): Step {
  return new WorkloadStep(consumersChange, indexers);
}

/** `indexer-snapshot`: copies of what there is now. */
export function snapshotStep(indexers: IndexerBook): Step {
  return new WorkloadStep(snapshotChange, indexers);
}
