/** Repeats an assertion until it holds; after `patience` milliseconds its last failure is thrown. */
export async function eventually(assertion: () => Promise<void> | void, patience = 90_000): Promise<void> {
  const end = Date.now() + patience;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
