/** What checks the running of trained models itself: the golden cases of a small trained Llama. */
package io.heed.inference.llama;
