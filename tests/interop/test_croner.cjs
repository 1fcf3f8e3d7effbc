// SPDX-License-Identifier: MIT
/*
 * Random schedules against npm's croner, which has its calendar from JavaScript and its
 * time zones from ICU: nothing in common with ours.
 *
 * usage: test_croner.cjs CRON_TIMES DIRECTORY CASES
 *
 * croner is installed into DIRECTORY when it is not there. 77: it could not be.
 *
 * They differ by design in one thing, what is due around a change of a zone's clock: so
 * whatever is within a day of a change is left out of both lists, and all else is equal.
 * (tests/unit/core/test_cron.c has those days, minute by minute.)
 */
"use strict";

const { execFileSync, spawnSync } = require("child_process");
const fs = require("fs");
const path = require("path");

const VERSION = "11.0.1";
const SKIP = 77;
const TIMES = 4;
const DAY = 86400;
const BEGIN = Date.UTC(2001, 0, 1) / 1000;
const END = Date.UTC(2036, 0, 1) / 1000;

const ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Moscow", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Tokyo", "Asia/Amman", "Australia/Sydney", "Australia/Lord_Howe",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "America/New_York",
    "America/Los_Angeles", "America/St_Johns", "America/Sao_Paulo", "America/Caracas",
    "America/Santiago", "Africa/Cairo", "Africa/Johannesburg", "Atlantic/Azores",
    "Antarctica/Troll",
];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/* mulberry32 */
let state = 20261124;
function draw(bound) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
}

function drawItem(min, max, names) {
    const low = min + draw(max - min + 1);
    const high = low + draw(max - low + 1);
    const step = 1 + draw(max - min + 1);
    const word = (value) => (names && draw(2) ? names[value - min] : String(value));
    switch (draw(4)) {
        case 0: return low === high ? word(low) : `${word(low)}-${word(high)}`;
        case 1: return `${low}-${high}/${1 + draw(high - low + 1)}`;
        case 2: return `${min}-${max}/${step}`;
        default: return word(low);
    }
}

/* "*", or with `hasStars` also a step of it, in so many of a hundred. */
function drawField(min, max, freePercent, hasStars, names) {
    if (draw(100) < freePercent)
        return hasStars && draw(4) ? `*/${1 + draw(max - min + 1)}` : "*";
    return Array.from({ length: 1 + draw(3) }, () => drawItem(min, max, names)).join(",");
}

function drawCase() {
    const fields = [
        drawField(0, 59, 20, true),
        drawField(0, 23, 40, true),
        drawField(1, 31, 60, false),
        drawField(1, 12, 70, true, MONTHS),
        drawField(0, 6, 60, false, WEEKDAYS),
    ];
    return {
        expression: fields.join(" "),
        zone: ZONES[draw(ZONES.length)],
        after: BEGIN + draw(END - BEGIN),
    };
}

/* The library, or the end. */
function load(directory) {
    const installed = path.join(directory, "node_modules", "croner");
    if (!fs.existsSync(installed)) {
        fs.mkdirSync(directory, { recursive: true });
        const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix",
            directory, `croner@${VERSION}`];
        const done = spawnSync("npm", args, { encoding: "utf8", timeout: 60000 });
        if (done.error || done.status !== 0) {
            console.log(`croner cannot be installed: ${done.error || done.stderr}`);
            process.exit(SKIP);
        }
    }
    return require(installed);
}

const formats = new Map();
function offset(zone, seconds) {
    if (!formats.has(zone))
        formats.set(zone, new Intl.DateTimeFormat("en", { timeZone: zone,
            timeZoneName: "longOffset" }));
    const parts = formats.get(zone).formatToParts(seconds * 1000);
    return parts.find((part) => part.type === "timeZoneName").value;
}

/* Not within a day of a change of the clock. */
function isPlain(zone, seconds) {
    return zone === "UTC" || offset(zone, seconds - DAY) === offset(zone, seconds + DAY);
}

function theirs({ Cron }, { expression, zone, after }) {
    const dates = new Cron(expression, { timezone: zone }).nextRuns(TIMES, new Date(after * 1000));
    return dates.map((date) => date.getTime() / 1000);
}

/* As far as both lists go, what is the first that is not in both? */
function firstDifference(a, b, zone) {
    const until = Math.min(a.length ? a[a.length - 1] : Infinity,
        b.length ? b[b.length - 1] : Infinity);
    const clip = (list) => list.filter((time) => time <= until && isPlain(zone, time));
    const left = clip(a), right = clip(b);
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
        if (left[i] !== right[i])
            return { ours: left[i], theirs: right[i] };
    }
    return null;
}

function main(program, directory, count) {
    const croner = load(directory);
    const cases = Array.from({ length: count }, drawCase);
    const lines = cases.map(({ expression, zone, after }) =>
        `/usr/share/zoneinfo/${zone}\t${after}\t${TIMES}\t${expression}\n`);
    const output = execFileSync(program, { input: lines.join(""), encoding: "utf8",
        maxBuffer: 1 << 28 }).split("\n");

    let compared = 0, differences = 0;
    cases.forEach((one, i) => {
        const ours = output[i].split(" ").filter(Boolean).map(Number);
        const others = theirs(croner, one);
        const difference = (ours.length === 0) !== (others.length === 0)
            ? { ours: ours[0], theirs: others[0] } : firstDifference(ours, others, one.zone);
        compared += ours.filter((time) => isPlain(one.zone, time)).length;
        if (difference) {
            differences++;
            console.log(JSON.stringify({ ...one, ...difference }));
        }
    });
    console.log(`${count} schedules, ${compared} times, ${differences} differences`);
    process.exit(differences === 0 && compared > count ? 0 : 1);
}

main(process.argv[2], process.argv[3], Number(process.argv[4]));
