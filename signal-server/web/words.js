// What the page says: the phrases of words/*.txt, as the app says them. {} stands for a name.

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español", zh: "中文" };
let words = new Map();

/** Speaks the first of these languages that there is. */
export async function speak(languages) {
  const short = languages.map((language) => language.slice(0, 2).toLowerCase());
  const language = short.find((code) => Object.hasOwn(LANGUAGES, code)) ?? "en";
  const lines = (await (await fetch(`words/${language}.txt`)).text()).trim().split("\n");
  words = new Map(lines.map((line) => [line.slice(0, line.indexOf(" = ")), line.slice(line.indexOf(" = ") + 3)]));
  return language;
}

export const say = (key, name = "") => (words.get(key) ?? key).replaceAll("{}", () => name);
