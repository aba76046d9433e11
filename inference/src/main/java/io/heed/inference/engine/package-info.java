/**
 * Many generations at once over one model: requests wait in a bounded queue, share the machine by continuous batching,
 * and stream their tokens. {@link io.heed.inference.engine.Engine} is the way in.
 */
package io.heed.inference.engine;
