import { authorityNames, generationsText } from "../authorities.ts";
import { httpUrl } from "../places.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { absolutePath } from "../values.ts";
import { at, type Rule } from "./rule.ts";

// Settings that must fit each other.

const etcdTimes: Rule = {
  says: "`etcd.electionMilliseconds` is at least 5 times `etcd.heartbeatMilliseconds`, as etcd demands.",
  check({ etcd }) {
    const least = 5 * etcd.heartbeatMilliseconds;
    if (etcd.electionMilliseconds >= least) return [];
    const allowed = `${least} or more: 5 times cluster.etcd.heartbeatMilliseconds`;
    return oneProblem(at("etcd", "electionMilliseconds"), `is ${etcd.electionMilliseconds}`, allowed);
  },
};

const certificateTimes: Rule = {
  says: "`renewBeforeHours` is less than `leafValidityHours`, which is at most `authorityValidityHours`.",
  check({ certificates: { authorityValidityHours: authority, leafValidityHours: leaf, renewBeforeHours: before } }) {
    const problems: Problem[] = [];
    if (before >= leaf) {
      problems.push({
        key: at("certificates", "renewBeforeHours"),
        found: `is ${before}`,
        allowed: `less than cluster.certificates.leafValidityHours, ${leaf}, or every up makes new certificates`,
      });
    }
    if (leaf > authority) {
      const allowed = `at most cluster.certificates.authorityValidityHours, ${authority}; a certificate is worth nothing after its authority's end`;
      problems.push({ key: at("certificates", "leafValidityHours"), found: `is ${leaf}`, allowed });
    }
    return problems;
  },
};

const generations: Rule = {
  says: "An authority trusts one generation, or two in a row, and issues from a trusted one.",
  check: ({ certificates: { authorities } }) =>
    authorityNames.flatMap((name) => {
      const { trust, issue } = authorities[name];
      const [first = 0, second = first + 1] = trust;
      if (second === first + 1 && trust.includes(issue)) return [];
      return oneProblem(
        at("certificates", "authorities", name),
        `is ${generationsText({ trust, issue })}`,
        "trust: one generation, or two in a row; issue: one of them",
      );
    }),
};

const isUrl = (text: string) => httpUrl.safeParse(text).success;
const isPath = (text: string) => absolutePath.safeParse(text).success;

const artifactSource: Rule = {
  says: "A mirror has a URL as `artifacts.location`, a bundle an absolute path or none, and a bundle its `manifest`; official has neither.",
  check({ artifacts: { source, location, manifest }, provider, traits }) {
    const key = at("artifacts", "location");
    const found = location === undefined ? "is missing" : `is ${shown(location)}`;
    const problems: Problem[] = [];
    if (traits.makesArtifacts && source === "mirror") {
      problems.push({
        key: at("artifacts", "source"),
        found: 'is "mirror"',
        allowed: `bundle or nothing, because provider ${provider} makes a bundle`,
      });
    } else if (source === "mirror" && (location === undefined || !isUrl(location))) {
      problems.push({
        key,
        found,
        allowed: "the mirror's http or https URL, without user, password or query, because cluster.artifacts.source is mirror",
      });
    } else if (source === "bundle" && location !== undefined && !isPath(location)) {
      problems.push({ key, found, allowed: "an absolute path on the hosts, because cluster.artifacts.source is bundle" });
    } else if (source === "official" && location !== undefined) {
      problems.push({
        key,
        found,
        allowed: "nothing, because cluster.artifacts.source is official",
        cure: "set the source to mirror or bundle",
      });
    }
    if (source === "bundle" && manifest === undefined && !traits.makesArtifacts) {
      const cure = "npm run bundle writes it beside the bundle's files";
      problems.push({
        key: at("artifacts", "manifest"),
        found: "is missing",
        allowed: "the path of the bundle's manifest.json",
        cure,
      });
    }
    if (source === "official" && manifest !== undefined) {
      problems.push({
        key: at("artifacts", "manifest"),
        found: `is ${shown(manifest)}`,
        allowed: "nothing, because cluster.artifacts.source is official",
        cure: "set the source to mirror or bundle",
      });
    }
    return problems;
  },
};

const uploads: Rule = {
  says: "With `etcd.backup.copyToS3` or a bucket of the provider, `etcd.quotaMebibytes` is at most 5120, S3's limit for one upload.",
  check({ traits, etcd: { backup, quotaMebibytes } }) {
    const inS3 = backup.copyToS3 !== undefined || (traits.ownsBackupBucket && backup.enabled);
    if (!inS3 || quotaMebibytes <= 5120) return [];
    return oneProblem(
      at("etcd", "quotaMebibytes"),
      `is ${quotaMebibytes}`,
      "at most 5120 with cluster.etcd.backup.copyToS3 or the bucket of the provider: S3 takes 5 GiB in one upload, and a snapshot is as big as the data",
    );
  },
};

/** Rules about settings. */
export const settingRules: readonly Rule[] = [etcdTimes, uploads, certificateTimes, generations, artifactSource];
