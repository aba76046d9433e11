/**
 * Images: sets of them and how they are read, mixers on grids, columnar and pyramid backbones, image tasks. One package
 * a system below.
 */
package io.heed.vision;
