/** Text into tokens and back: the model's own tokenizer, text as tokens arrive, and chat templates. */
package io.heed.inference.text;
